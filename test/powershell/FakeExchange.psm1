# A fake Exchange for tests: the cmdlets that the bot uses, with their parameters, their traps, and objects as remote
# PowerShell delivers them (deserialised property bags, dates of the local kind, the section sign in names, nested lists).
# Each session is a process of its own, so state, ledger and clock lie in one folder under a file lock, and what phones
# did meanwhile is computed whenever somebody looks. Nothing here is copied from Exchange.
#
# INIT_SCRIPT_FAKE_FOLDER   the folder: seed.json (read once), state.json, ledger.jsonl, faults.json, clock.txt (milliseconds ahead of real
#                           time, or `=` and the milliseconds since 1970 at which the clock stands)
# INIT_SCRIPT_FAKE_VERSION  2013 (no -AccountOnly), 2016, 2019 (default), SE
# INIT_SCRIPT_FAKE_WITHOUT  cmdlets that this account may not use, separated by commas
# INIT_SCRIPT_FAKE_REQUESTOR  address of the bot's account; 'none' where it has no mailbox

enum DeviceAccessState { Unknown = 0; Allowed = 1; Blocked = 2; Quarantined = 3; DeviceDiscovery = 4 }
enum DeviceAccessStateReason { Unknown = 0; Global = 1; Individual = 2; DeviceRule = 3; Upgrade = 4; Policy = 5; ExternallyManaged = 51 }
enum DeviceRemoteWipeStatus { DeviceOk = 0; DeviceBlocked = 1; DeviceWipePending = 2; DeviceWipeSucceeded = 3; AccountOnlyDeviceWipePending = 4; AccountOnlyDeviceWipeSucceeded = 5 }
enum MobileClientType { EAS = 0; MOWA = 1; REST = 2; Outlook = 3 }

class ADObjectId {
  [string]$Name
  [string]$DistinguishedName
  ADObjectId([string]$path) { $this.Name = $path.Split('/')[-1]; $this.DistinguishedName = $path }
  [string] ToString() { return $this.DistinguishedName }
}
class SmtpAddress {
  [string]$Local
  [string]$Domain
  SmtpAddress([string]$text) { $this.Local, $this.Domain = $text.Split('@') }
  [string] ToString() { return $this.Local + '@' + $this.Domain }
}
class ManagementObjectNotFoundException : Exception { ManagementObjectNotFoundException([string]$m) : base($m) { } }
class ManagementObjectAmbiguousException : Exception { ManagementObjectAmbiguousException([string]$m) : base($m) { } }
class MobileDeviceNotExistException : Exception { MobileDeviceNotExistException([string]$m) : base($m) { } }
class AccountOnlyWipeNotSupportedException : InvalidOperationException { AccountOnlyWipeNotSupportedException([string]$m) : base($m) { } }
class ADObjectAlreadyExistsException : Exception { ADObjectAlreadyExistsException([string]$m) : base($m) { } }
class OverBudgetException : Exception { OverBudgetException([string]$m) : base($m) { } }

$script:Folder = $env:INIT_SCRIPT_FAKE_FOLDER
if (-not $script:Folder) { throw 'INIT_SCRIPT_FAKE_FOLDER is not set: the fake Exchange has nowhere to keep its state' }
$script:Version = '2019'
if ($env:INIT_SCRIPT_FAKE_VERSION) { $script:Version = $env:INIT_SCRIPT_FAKE_VERSION }
$script:Requestor = 'mislaid@contoso.example'
if ($env:INIT_SCRIPT_FAKE_REQUESTOR) { $script:Requestor = $env:INIT_SCRIPT_FAKE_REQUESTOR }
$script:Connected = $true
$script:Epoch = New-Object DateTime -ArgumentList 1970, 1, 1, 0, 0, 0, ([DateTimeKind]::Utc)
$script:Builds = @{ '2013' = 'Version 15.0 (Build 1497.2)'; '2016' = 'Version 15.1 (Build 2507.6)'; '2019' = 'Version 15.2 (Build 1544.4)'; 'SE' = 'Version 15.2 (Build 2562.17)' }

# ---- state ----

function Use-State([scriptblock]$Body, [bool]$Write) {
  $lockPath = Join-Path $script:Folder 'lock'
  $lock = $null
  for ($try = 0; $null -eq $lock; $try++) {
    try { $lock = [IO.File]::Open($lockPath, 'OpenOrCreate', 'ReadWrite', 'None') }
    catch [IO.IOException] { if ($try -gt 1000) { throw }; [Threading.Thread]::Sleep(10) }
  }
  try {
    $path = Join-Path $script:Folder 'state.json'
    $fresh = -not [IO.File]::Exists($path)
    if ($fresh) { $state = New-State } else { $state = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($path)) }
    $moved = Update-Contacts $state
    $answer = & $Body $state
    if ($Write -or $moved -or $fresh) { Save-State $state $path }
    , @($answer)
  } finally { $lock.Dispose() }
}

function Save-State($State, [string]$Path) {
  $text = ConvertTo-Json -InputObject $State -Depth 8 -Compress
  [IO.File]::WriteAllText($Path + '.new', $text)
  if ([IO.File]::Exists($Path)) { [IO.File]::Replace($Path + '.new', $Path, [NullString]::Value) } else { [IO.File]::Move($Path + '.new', $Path) }
}

# The seed says how long ago things were; the state holds milliseconds since 1970.
function New-State {
  $seed = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText((Join-Path $script:Folder 'seed.json')))
  $now = Get-Now $null
  foreach ($device in $seed.devices) {
    foreach ($name in 'FirstSync', 'LastSync', 'LastAttempt', 'LastPolicy') { if ($null -ne $device.$name) { $device.$name = $now - [long]$device.$name } }
    if ($null -ne $device.NextContact) { $device.NextContact = $now + [long]$device.NextContact }
  }
  $seed
}

# The clock is ahead by what clock.txt says, or stands where it says: whoever wants time to pass writes it, and needs no lock for that.
function Get-RealNow { [long](([DateTime]::UtcNow - $script:Epoch).TotalMilliseconds) }
function Get-Now($State) {
  $path = Join-Path $script:Folder 'clock.txt'
  if (-not [IO.File]::Exists($path)) { return (Get-RealNow) }
  $text = [IO.File]::ReadAllText($path)
  if ($text.StartsWith('=')) { return [long]$text.Substring(1) }
  (Get-RealNow) + [long]$text
}
function Get-Offset { (Get-Now $null) - (Get-RealNow) }
function ConvertTo-Local($Milliseconds) { if ($null -ne $Milliseconds) { $script:Epoch.AddMilliseconds([double]$Milliseconds).ToLocalTime() } }

# What phones did since somebody last looked. A phone that wipes itself never comes back.
function Update-Contacts($State) {
  $now = Get-Now $State
  $moved = $false
  foreach ($device in $State.devices) {
    while ($null -ne $device.NextContact -and $device.NextContact -le $now) {
      $moved = $true
      $at = [long]$device.NextContact
      $step = [long]$device.PeriodMs
      if (-not $device.Present) {
        # A phone that still syncs creates its partnership anew.
        $device.Present = $true; $device.Guid = [string][guid]::NewGuid(); $device.FirstSync = $at; $device.LastPolicy = $at
      }
      if ($device.StalePassword) { $device.NextContact = $now + $step; break }
      $device.LastAttempt = $at
      $access = Get-Access $State $device
      $full = $null -ne $device.WipeRequest -and $null -eq $device.WipeAck
      $account = $null -ne $device.AccountWipeRequest -and $null -eq $device.AccountWipeAck
      if ($access.State -ne 'Allowed') { $device.NextContact = $now + $step; break }
      if ($full -or $account) {
        $sent = 'AccountWipeSent'; $ack = 'AccountWipeAck'
        if ($full) { $sent = 'WipeSent'; $ack = 'WipeAck' }
        if ($null -eq $device.$sent) {
          $device.$sent = $at
          $device.NextContact = $at + 5000
          continue
        }
        if ($device.RefusesWipe) { $device.NextContact = $now + $step; break }
        if (-not $device.SilentWipe) { $device.$ack = $at }
        $device.NextContact = $null
        break
      }
      # Nothing but ordinary syncs: straight to the last of them.
      $last = $at + [long][Math]::Floor(($now - $at) / $step) * $step
      $device.LastAttempt = $last
      $device.LastSync = $last
      $device.NextContact = $last + $step
    }
  }
  $moved
}

function Get-Access($State, $Device) {
  $mailbox = $null
  foreach ($one in $State.mailboxes) { if ($one.ExchangeGuid -eq $Device.Mailbox) { $mailbox = $one; break } }
  if (@($mailbox.BlockedIds) -contains $Device.DeviceId) { return @{ State = 'Blocked'; Reason = 'Individual'; Rule = $null } }
  if (@($mailbox.AllowedIds) -contains $Device.DeviceId) { return @{ State = 'Allowed'; Reason = 'Individual'; Rule = $null } }
  foreach ($rule in @($State.rules)) {
    $value = @{ DeviceModel = $Device.DeviceModel; DeviceType = $Device.DeviceType; DeviceOS = $Device.DeviceOS; UserAgent = $Device.DeviceUserAgent }[[string]$rule.Characteristic]
    if ($value -ceq $rule.QueryString) { return @{ State = @{ Allow = 'Allowed'; Block = 'Blocked'; Quarantine = 'Quarantined' }[[string]$rule.AccessLevel]; Reason = 'DeviceRule'; Rule = $rule.Name } }
  }
  if ($Device.AccessState -ne 'Allowed' -or $Device.AccessReason -ne 'Global') { return @{ State = $Device.AccessState; Reason = $Device.AccessReason; Rule = $null } }
  @{ State = @{ Allow = 'Allowed'; Block = 'Blocked'; Quarantine = 'Quarantined' }[[string]$State.defaultAccessLevel]; Reason = 'Global'; Rule = $null }
}

function Write-Ledger([string]$Cmdlet, $Bound, $State) {
  $arguments = @{}
  foreach ($name in $Bound.Keys) { $arguments[$name] = [string]$Bound[$name] }
  $line = ConvertTo-Json -InputObject @{ at = (Get-Now $State); cmdlet = $Cmdlet; session = $PID; arguments = $arguments } -Compress
  [IO.File]::AppendAllText((Join-Path $script:Folder 'ledger.jsonl'), $line + [char]10)
}

# ---- faults and noise ----

function Invoke-Fault([string]$Cmdlet, [string]$When) {
  $faultPath = Join-Path $script:Folder 'faults.json'
  if (-not [IO.File]::Exists($faultPath)) { return }
  $fault = (Use-State {
      param($State)
      $faults = @(ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($faultPath)) | ForEach-Object { $_ })
      foreach ($one in $faults) {
        if ($one.times -le 0 -or $one.when -ne $When -or ($one.cmdlet -ne $Cmdlet -and $one.cmdlet -ne '*')) { continue }
        $one.times = $one.times - 1
        [IO.File]::WriteAllText($faultPath, (ConvertTo-Json -InputObject $faults -Depth 4))
        return $one.what
      }
    } $false)[0]
  switch ([string]$fault) {
    'hang' { Start-Sleep -Seconds 600 }
    'hang-with-child' { Start-Child; Start-Sleep -Seconds 600 }
    'exit' { [Environment]::Exit(3) }
    'exit-zero' { [Environment]::Exit(0) }
    'crash' { [Diagnostics.Process]::GetCurrentProcess().Kill() }
    'half-frame' { [Console]::Out.Write('<mislaid abc eyJ'); [Console]::Out.Flush(); [Environment]::Exit(0) }
    'garbage' { for ($i = 0; $i -lt 200; $i++) { [Console]::Out.WriteLine('<mislaid ' + [guid]::NewGuid() + ' eyJub25jZSI6InNvbWVib2R5IGVsc2UifQ==>' + [char]27 + '[31m junk'); [Console]::Out.WriteLine('<mislaid ') ; [Console]::Error.WriteLine('junk') } }
    'flood' { $line = 'x' * 65536; for ($i = 0; $i -lt 320; $i++) { [Console]::Out.Write($line) } }
    'flood-errors' { $line = 'x' * 65536; for ($i = 0; $i -lt 320; $i++) { [Console]::Error.Write($line) } }
    'large-row' { [pscustomobject]@{ Guid = [guid]::NewGuid(); DisplayName = 'x' * 20000000; Identity = 'x' } }
    'throttle' { throw (New-Object System.Management.Automation.ErrorRecord -ArgumentList ([OverBudgetException]::new((Get-GermanText 'beschäftigt'))), 'ServerBusy', 'NotSpecified', $null) }
    'throttle-rest' { throw [Exception]::new('HttpStatusCode=429 ' + (Get-GermanText 'beschäftigt') + ' Retry-After: 2') }
    'throttle-plain' { throw [Exception]::new('|Microsoft.Exchange.Data.Directory.OverBudgetException|' + (Get-GermanText 'beschäftigt')) }
    'disconnect-quietly' { $script:Connected = $false }
    'disconnect' { $script:Connected = $false; throw (New-Object System.Management.Automation.Remoting.PSRemotingTransportException -ArgumentList (Get-GermanText 'getrennt')) }
  }
}

# Localised on purpose: nothing may be recognised by its text.
function Get-GermanText([string]$what) { 'Der Vorgang konnte nicht ausgeführt werden (' + $what + ').' }

function Start-Child {
  $start = New-Object System.Diagnostics.ProcessStartInfo -ArgumentList 'sleep', '600'
  $start.UseShellExecute = $false
  $child = [Diagnostics.Process]::Start($start)
  [IO.File]::WriteAllText((Join-Path $script:Folder 'child.pid'), [string]$child.Id)
}

function Write-Noise([string]$Cmdlet) {
  if (-not $script:Connected) { throw (New-Object System.Management.Automation.Remoting.PSRemotingTransportException -ArgumentList (Get-GermanText 'getrennt')) }
  Write-Warning "$Cmdlet is a fake"
  Write-Verbose "$Cmdlet verbose" -Verbose
  $DebugPreference = 'Continue'; Write-Debug "$Cmdlet debug"
  Write-Information "$Cmdlet information" -InformationAction Continue
  Write-Host "$Cmdlet host"
  Write-Progress -Activity $Cmdlet -Status 'progress'
}

function New-Failure([Exception]$Exception, [string]$Category, $Target) {
  $name = $Exception.GetType().Name
  $id = '[Server=EX01,RequestId=' + [guid]::NewGuid() + ',TimeStamp=' + [DateTime]::UtcNow.ToString('o') + '] [FailureCategory=Cmdlet-' + $name + '] 557A3714'
  New-Object System.Management.Automation.ErrorRecord -ArgumentList $Exception, $id, $Category, $Target
}

# ---- objects ----

# Through the serialiser of remote PowerShell and back: enums become numbers that print as names, lists ArrayLists.
function ConvertTo-Remote([string]$Type, [System.Collections.Specialized.OrderedDictionary]$Properties) {
  $Properties['PSTypeName'] = $Type
  $object = [pscustomobject]$Properties
  $back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($object, 2))
  $back.PSObject.Properties.Add((New-Object System.Management.Automation.PSNoteProperty -ArgumentList 'PSComputerName', 'ex01.contoso.example'))
  $back.PSObject.Properties.Add((New-Object System.Management.Automation.PSNoteProperty -ArgumentList 'RunspaceId', ([guid]::NewGuid())))
  $back
}

function Get-Path($Mailbox) { 'contoso.example/Users/' + $Mailbox.DisplayName }
function Get-DeviceName($Device) {
  $mark = [string][char]0xA7
  if ($Device.ClientType -eq 'EAS') { return $Device.DeviceType + $mark + $Device.DeviceId }
  'REST' + $mark + $Device.DeviceType + $mark + $Device.DeviceId
}
function Get-DevicePath($Mailbox, $Device) { (Get-Path $Mailbox) + '/ExchangeActiveSyncDevices/' + (Get-DeviceName $Device) }
function Hide-Number([string]$Number) { if ($Number.Length -le 4) { return $Number }; ('*' * ($Number.Length - 4)) + $Number.Substring($Number.Length - 4) }
function Get-List($Value) { $list = New-Object System.Collections.ArrayList; foreach ($one in @($Value)) { if ($null -ne $one) { [void]$list.Add([string]$one) } }; , $list }

function New-DeviceObject($State, $Mailbox, $Device) {
  $access = Get-Access $State $Device
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.Management.MobileDevice' ([ordered]@{
      Identity = [ADObjectId]::new((Get-DevicePath $Mailbox $Device)); Guid = [guid]$Device.Guid; Name = (Get-DeviceName $Device)
      FriendlyName = $Device.FriendlyName; DeviceId = $Device.DeviceId; DeviceType = $Device.DeviceType; DeviceModel = $Device.DeviceModel
      DeviceOS = $Device.DeviceOS; DeviceOSLanguage = 'en'; DeviceUserAgent = $Device.DeviceUserAgent; DeviceImei = ''; DeviceMobileOperator = ''
      DeviceTelephoneNumber = (Hide-Number $Device.PhoneNumber); UserDisplayName = (Get-Path $Mailbox)
      ClientType = [MobileClientType]$Device.ClientType; ClientVersion = $Device.ClientVersion
      DeviceAccessState = [DeviceAccessState]$access.State; DeviceAccessStateReason = [DeviceAccessStateReason]$access.Reason
      DeviceAccessControlRule = $(if ($access.Rule) { [ADObjectId]::new($access.Rule) }); FirstSyncTime = (ConvertTo-Local $Device.FirstSync)
      IsManaged = [bool]$Device.Managed; IsCompliant = [bool]$Device.Managed; IsDisabled = $false; ObjectClass = @('top', 'msExchActiveSyncDevice')
    })
}

function Get-WipeStatus($Device) {
  if ($null -ne $Device.WipeAck) { return 'DeviceWipeSucceeded' }
  if ($null -ne $Device.AccountWipeAck) { return 'AccountOnlyDeviceWipeSucceeded' }
  $full = $null -ne $Device.WipeRequest -or $null -ne $Device.WipeSent
  $account = $null -ne $Device.AccountWipeRequest -or $null -ne $Device.AccountWipeSent
  if (-not $full -and -not $account) { return 'DeviceOk' }
  if (-not $Device.WipeSupported) { return 'DeviceBlocked' }
  if ($full) { 'DeviceWipePending' } else { 'AccountOnlyDeviceWipePending' }
}

function New-StatisticsObject($State, $Mailbox, $Device) {
  $access = Get-Access $State $Device
  $status = Get-WipeStatus $Device
  ConvertTo-Remote 'Microsoft.Exchange.Management.Tasks.MobileDeviceConfiguration' ([ordered]@{
      Identity = [ADObjectId]::new((Get-DevicePath $Mailbox $Device)); Guid = [guid]$Device.Guid
      DeviceID = $Device.DeviceId; DeviceType = $Device.DeviceType; DeviceModel = $Device.DeviceModel; DeviceOS = $Device.DeviceOS
      DeviceUserAgent = $Device.DeviceUserAgent; DeviceFriendlyName = $Device.FriendlyName; DevicePhoneNumber = (Hide-Number $Device.PhoneNumber)
      ClientType = [MobileClientType]$Device.ClientType; ClientVersion = $Device.ClientVersion
      FirstSyncTime = (ConvertTo-Local $Device.FirstSync); LastPolicyUpdateTime = (ConvertTo-Local $Device.LastPolicy)
      LastSyncAttemptTime = (ConvertTo-Local $Device.LastAttempt); LastSuccessSync = (ConvertTo-Local $Device.LastSync)
      LastPingHeartbeat = $(if ($null -ne $Device.Heartbeat) { [uint32]$Device.Heartbeat })
      DeviceWipeRequestTime = (ConvertTo-Local $Device.WipeRequest); DeviceWipeSentTime = (ConvertTo-Local $Device.WipeSent); DeviceWipeAckTime = (ConvertTo-Local $Device.WipeAck)
      LastDeviceWipeRequestor = $(if ($Device.WipeRequestor) { [SmtpAddress]::new($Device.WipeRequestor) })
      AccountOnlyDeviceWipeRequestTime = (ConvertTo-Local $Device.AccountWipeRequest); AccountOnlyDeviceWipeSentTime = (ConvertTo-Local $Device.AccountWipeSent)
      AccountOnlyDeviceWipeAckTime = (ConvertTo-Local $Device.AccountWipeAck)
      LastAccountOnlyDeviceWipeRequestor = $(if ($Device.AccountWipeRequestor) { [SmtpAddress]::new($Device.AccountWipeRequestor) })
      IsRemoteWipeSupported = [bool]$Device.WipeSupported; Status = [DeviceRemoteWipeStatus]$status; StatusNote = ''
      DeviceAccessState = [DeviceAccessState]$access.State; DeviceAccessStateReason = [DeviceAccessStateReason]$access.Reason
      DeviceAccessControlRule = $(if ($access.Rule) { [ADObjectId]::new($access.Rule) })
      DevicePolicyApplied = $(if ($Device.PolicyStatus -ne 'NotApplied') { [ADObjectId]::new($Mailbox.Policy) }); DevicePolicyApplicationStatus = $Device.PolicyStatus
      NumberOfFoldersSynced = [int]$Device.Folders
    })
}

function New-MailboxObject($State, $Mailbox) {
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.Management.Mailbox' ([ordered]@{
      Identity = [ADObjectId]::new((Get-Path $Mailbox)); Guid = [guid]$Mailbox.Guid; ExchangeGuid = [guid]$Mailbox.ExchangeGuid
      DistinguishedName = ('CN=' + $Mailbox.DisplayName + ',CN=Users,DC=contoso,DC=example'); DisplayName = $Mailbox.DisplayName; Name = $Mailbox.DisplayName; Alias = $Mailbox.Alias; UserPrincipalName = $Mailbox.Upn
      PrimarySmtpAddress = [SmtpAddress]::new($Mailbox.Upn); EmailAddresses = (Get-List $Mailbox.EmailAddresses)
      RecipientType = 'UserMailbox'; RecipientTypeDetails = $Mailbox.Kind; AccountDisabled = [bool]$Mailbox.Disabled; ServerName = $Mailbox.Server.ToLowerInvariant()
      WhenChanged = [DateTime]::Now; ProhibitSendQuota = '1.5 GB (1,610,612,736 bytes)'
    })
}

function New-UserObject($State, $Mailbox) {
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.Management.User' ([ordered]@{
      Identity = [ADObjectId]::new((Get-Path $Mailbox)); Guid = [guid]$Mailbox.Guid; DisplayName = $Mailbox.DisplayName; FirstName = $Mailbox.FirstName; LastName = $Mailbox.LastName
      Department = $Mailbox.Department; Title = $Mailbox.Title; Phone = $Mailbox.Phone; HomePhone = ''; MobilePhone = $Mailbox.MobilePhone
      Manager = $(if ($Mailbox.Manager) { [ADObjectId]::new('contoso.example/Users/' + $Mailbox.Manager) }); UserPrincipalName = $Mailbox.Upn; RecipientTypeDetails = $Mailbox.Kind
    })
}

function New-CasObject($State, $Mailbox) {
  $partner = $false
  foreach ($device in $State.devices) { if ($device.Present -and $device.Mailbox -eq $Mailbox.ExchangeGuid) { $partner = $true } }
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.Management.CASMailbox' ([ordered]@{
      Identity = [ADObjectId]::new((Get-Path $Mailbox)); Guid = [guid]$Mailbox.Guid; DisplayName = $Mailbox.DisplayName; ActiveSyncEnabled = [bool]$Mailbox.ActiveSyncEnabled
      ActiveSyncAllowedDeviceIDs = (Get-List $Mailbox.AllowedIds); ActiveSyncBlockedDeviceIDs = (Get-List $Mailbox.BlockedIds)
      ActiveSyncMailboxPolicy = [ADObjectId]::new($Mailbox.Policy); ActiveSyncDebugLogging = $false; HasActiveSyncDevicePartnership = $partner
    })
}

# ---- looking things up ----

function Get-NamesOf($Mailbox) {
  @($Mailbox.ExchangeGuid, $Mailbox.Guid, $Mailbox.Alias, $Mailbox.Upn, $Mailbox.DisplayName, (Get-Path $Mailbox)) + @(foreach ($address in $Mailbox.EmailAddresses) { $address -replace '^smtp:', '' })
}

function Find-Mailbox($State, [string]$Identity, $Caller) {
  $found = @(foreach ($mailbox in $State.mailboxes) { if ((Get-NamesOf $mailbox) -contains $Identity) { $mailbox } })
  if ($found.Count -eq 0) { $Caller.ThrowTerminatingError((New-Failure ([ManagementObjectNotFoundException]::new((Get-GermanText $Identity))) 'NotSpecified' $null)) }
  if ($found.Count -gt 1) { $Caller.ThrowTerminatingError((New-Failure ([ManagementObjectAmbiguousException]::new((Get-GermanText $Identity))) 'InvalidData' $null)) }
  $found[0]
}

function Find-Owner($State, $Device) { foreach ($mailbox in $State.mailboxes) { if ($mailbox.ExchangeGuid -eq $Device.Mailbox) { return $mailbox } } }

# The trap: an identity that does not exist counts as none given, and every device comes back.
function Find-Devices($State, [string]$Identity) {
  $present = @($State.devices | Where-Object { $_.Present })
  $found = @(foreach ($device in $present) { if (@($device.Guid, (Get-DevicePath (Find-Owner $State $device) $device)) -contains $Identity) { $device } })
  if ($found.Count -gt 0) { return $found }
  $present
}

function Find-OneDevice($State, [string]$Identity, $Caller) {
  foreach ($device in $State.devices) { if ($device.Present -and @($device.Guid, (Get-DevicePath (Find-Owner $State $device) $device)) -contains $Identity) { return $device } }
  $Caller.ThrowTerminatingError((New-Failure ([ManagementObjectNotFoundException]::new((Get-GermanText $Identity))) 'InvalidArgument' $null))
}

function Read-Devices([string]$Cmdlet, [string]$Mailbox, [string]$Identity, [scriptblock]$Make, $Caller) {
  Write-Noise $Cmdlet
  Invoke-Fault $Cmdlet 'before'
  $rows = Use-State {
    param($State)
    if ($Mailbox) { $owner = Find-Mailbox $State $Mailbox $Caller; $devices = @($State.devices | Where-Object { $_.Present -and $_.Mailbox -eq $owner.ExchangeGuid }) }
    else { $devices = @(Find-Devices $State $Identity) }
    foreach ($device in $devices) { & $Make $State (Find-Owner $State $device) $device }
  } $false
  foreach ($row in $rows) { $row }
  Invoke-Fault $Cmdlet 'after'
}

function Read-Mailboxes([string]$Cmdlet, [string]$Identity, [string]$Anr, $ResultSize, [scriptblock]$Make, $Caller) {
  Write-Noise $Cmdlet
  Invoke-Fault $Cmdlet 'before'
  $rows = Use-State {
    param($State)
    if ($Identity) { return (& $Make $State (Find-Mailbox $State $Identity $Caller)) }
    $limit = 1000
    if ([string]$ResultSize -eq 'Unlimited') { $limit = [int]::MaxValue } elseif ($ResultSize) { $limit = [int][string]$ResultSize }
    $count = 0
    foreach ($mailbox in $State.mailboxes) {
      if ($count -ge $limit) { break }
      if ($Anr) {
        $hit = $false
        foreach ($name in ((Get-NamesOf $mailbox) + @($mailbox.FirstName, $mailbox.LastName))) { if (([string]$name).StartsWith($Anr, [StringComparison]::OrdinalIgnoreCase)) { $hit = $true; break } }
        if (-not $hit) { continue }
      }
      $count++
      & $Make $State $mailbox
    }
  } $false
  foreach ($row in $rows) { $row }
  Invoke-Fault $Cmdlet 'after'
}

function Invoke-Change([string]$Cmdlet, $Bound, $Caller, [scriptblock]$Change) {
  Write-Noise $Cmdlet
  Invoke-Fault $Cmdlet 'before'
  $answer = Use-State {
    param($State)
    $result = & $Change $State
    Write-Ledger $Cmdlet $Bound $State
    $result
  } $true
  Invoke-Fault $Cmdlet 'after'
  foreach ($one in $answer) { if ($null -ne $one) { $one } }
}

function Edit-List($Old, $Change) {
  if ($Change -is [Collections.IDictionary]) {
    $list = New-Object System.Collections.ArrayList
    foreach ($one in @($Old)) { if ($null -ne $one -and @($Change['Remove']) -notcontains $one) { [void]$list.Add($one) } }
    foreach ($one in @($Change['Add'])) { if ($null -ne $one -and -not $list.Contains($one)) { [void]$list.Add([string]$one) } }
    return , @($list)
  }
  # The other trap: a plain list takes the place of what was there.
  , @($Change)
}

# ---- the cmdlets ----

function Get-MislaidSimulation {
  [CmdletBinding()] param()
  $now = (Use-State { param($State) Get-Now $State; Get-Offset } $false)
  [pscustomobject]@{ Name = 'FakeExchange'; Version = $script:Version; Now = $script:Epoch.AddMilliseconds([double]$now[0]); OffsetMs = $now[1] }
}

function Get-ExchangeServer {
  [CmdletBinding()] param($Identity)
  foreach ($name in 'EX01', 'EX02', 'EX03') { [pscustomobject]@{ Name = $name; Fqdn = $name.ToLowerInvariant() + '.contoso.example'; AdminDisplayVersion = $script:Builds[$script:Version]; ServerRole = 'Mailbox' } }
}

function Get-MobileDevice {
  [CmdletBinding(DefaultParameterSetName = 'Identity')]
  param([Parameter(ParameterSetName = 'Identity', Position = 0)]$Identity, [Parameter(ParameterSetName = 'Mailbox', Mandatory = $true)]$Mailbox,
    [switch]$ActiveSync, [switch]$OWAforDevices, [switch]$RestApi, [switch]$UniversalOutlook, [string]$Filter, [string]$SortBy, $ResultSize, $DomainController)
  Read-Devices 'Get-MobileDevice' ([string]$Mailbox) ([string]$Identity) { param($State, $Owner, $Device) New-DeviceObject $State $Owner $Device } $PSCmdlet
}

function Get-MobileDeviceStatistics {
  [CmdletBinding(DefaultParameterSetName = 'Identity')]
  param([Parameter(ParameterSetName = 'Identity', Mandatory = $true, Position = 0)]$Identity, [Parameter(ParameterSetName = 'Mailbox', Mandatory = $true)]$Mailbox,
    [switch]$ActiveSync, [switch]$OWAforDevices, [switch]$RestApi, [switch]$UniversalOutlook, [switch]$ShowRecoveryPassword, [switch]$GetMailboxLog, $DomainController)
  Read-Devices 'Get-MobileDeviceStatistics' ([string]$Mailbox) ([string]$Identity) { param($State, $Owner, $Device) New-StatisticsObject $State $Owner $Device } $PSCmdlet
}

function Clear-Device([string]$Identity, [bool]$AccountOnly, [bool]$Cancel, $Bound, $Caller) {
  Invoke-Change 'Clear-MobileDevice' $Bound $Caller {
    param($State)
    $device = Find-OneDevice $State $Identity $Caller
    $outlook = $device.DeviceType -like 'Outlook*'
    if ($Cancel) {
      if ($null -eq $device.WipeSent -and $null -eq $device.WipeAck) { $device.WipeRequest = $null } else { Write-Warning (Get-GermanText 'zu spät') }
      if ($null -eq $device.AccountWipeSent -and $null -eq $device.AccountWipeAck) { $device.AccountWipeRequest = $null }
      return
    }
    if ($AccountOnly -and -not $outlook -and [int]$device.ClientVersion.Replace('.', '') -lt 161) {
      $Caller.ThrowTerminatingError((New-Failure ([AccountOnlyWipeNotSupportedException]::new((Get-GermanText 'EAS 16.1'))) 'InvalidOperation' $null))
    }
    $who = $script:Requestor
    if ($who -eq 'none') { $who = $null }
    if ($AccountOnly -and -not $outlook) { $device.AccountWipeRequest = (Get-Now $State); $device.AccountWipeSent = $null; $device.AccountWipeAck = $null; $device.AccountWipeRequestor = $who }
    else { $device.WipeRequest = (Get-Now $State); $device.WipeSent = $null; $device.WipeAck = $null; $device.WipeRequestor = $who }
    Invoke-FaultInside 'Clear-MobileDevice' $Bound $State
  }
}

# Inside: the effect is in the file, and the answer never comes.
function Invoke-FaultInside([string]$Cmdlet, $Bound, $State) {
  $path = Join-Path $script:Folder 'faults.json'
  if (-not [IO.File]::Exists($path)) { return }
  $faults = @(ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($path)) | ForEach-Object { $_ })
  foreach ($one in $faults) {
    if ($one.times -le 0 -or $one.when -ne 'inside' -or $one.cmdlet -ne $Cmdlet) { continue }
    $one.times = $one.times - 1
    [IO.File]::WriteAllText($path, (ConvertTo-Json -InputObject $faults -Depth 4))
    Save-State $State (Join-Path $script:Folder 'state.json')
    Write-Ledger $Cmdlet $Bound $State
    [Diagnostics.Process]::GetCurrentProcess().Kill()
  }
}

if ($script:Version -eq '2013') {
  function Clear-MobileDevice {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, [switch]$Cancel, $NotificationEmailAddresses, $DomainController)
    process { if ($PSCmdlet.ShouldProcess([string]$Identity)) { Clear-Device ([string]$Identity) $false ([bool]$Cancel) $PSBoundParameters $PSCmdlet } }
  }
} else {
  function Clear-MobileDevice {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, [switch]$AccountOnly, [switch]$Cancel, $NotificationEmailAddresses, $DomainController)
    process { if ($PSCmdlet.ShouldProcess([string]$Identity)) { Clear-Device ([string]$Identity) ([bool]$AccountOnly) ([bool]$Cancel) $PSBoundParameters $PSCmdlet } }
  }
}

function Remove-MobileDevice {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
  param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, $DomainController)
  process {
    if (-not $PSCmdlet.ShouldProcess([string]$Identity)) { return }
    $caller = $PSCmdlet
    Invoke-Change 'Remove-MobileDevice' $PSBoundParameters $PSCmdlet {
      param($State)
      $device = Find-OneDevice $State ([string]$Identity) $caller
      $device.Present = $false
      foreach ($name in 'FirstSync', 'LastSync', 'LastAttempt', 'LastPolicy', 'WipeRequest', 'WipeSent', 'WipeAck', 'WipeRequestor', 'AccountWipeRequest', 'AccountWipeSent', 'AccountWipeAck', 'AccountWipeRequestor') { $device.$name = $null }
    }
  }
}

function Get-Mailbox {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, [string]$Anr, [string]$Filter, $ResultSize, $RecipientTypeDetails, $DomainController)
  Read-Mailboxes 'Get-Mailbox' ([string]$Identity) $Anr $ResultSize { param($State, $Mailbox) New-MailboxObject $State $Mailbox } $PSCmdlet
}

function Get-Recipient {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, [string]$Anr, [string]$Filter, $ResultSize, $RecipientTypeDetails, $DomainController)
  Read-Mailboxes 'Get-Recipient' ([string]$Identity) $Anr $ResultSize { param($State, $Mailbox) New-MailboxObject $State $Mailbox } $PSCmdlet
}

function Get-User {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, [string]$Anr, [string]$Filter, $ResultSize, $RecipientTypeDetails, $DomainController)
  Read-Mailboxes 'Get-User' ([string]$Identity) $Anr $ResultSize { param($State, $Mailbox) New-UserObject $State $Mailbox } $PSCmdlet
}

function Get-CASMailbox {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, [string]$Filter, $ResultSize, [switch]$ActiveSyncDebugLogging, [switch]$RecalculateHasActiveSyncDevicePartnership, $DomainController)
  Read-Mailboxes 'Get-CASMailbox' ([string]$Identity) '' $ResultSize { param($State, $Mailbox) New-CasObject $State $Mailbox } $PSCmdlet
}

function Set-CASMailbox {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
  param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, [bool]$ActiveSyncEnabled, $ActiveSyncAllowedDeviceIDs, $ActiveSyncBlockedDeviceIDs,
    [bool]$ActiveSyncDebugLogging, [string]$ActiveSyncMailboxPolicy, [switch]$ResetAutoBlockedDevices, $DomainController)
  process {
    if (-not $PSCmdlet.ShouldProcess([string]$Identity)) { return }
    $caller = $PSCmdlet
    $bound = $PSBoundParameters
    Invoke-Change 'Set-CASMailbox' $bound $PSCmdlet {
      param($State)
      $mailbox = Find-Mailbox $State ([string]$Identity) $caller
      if ($bound.ContainsKey('ActiveSyncEnabled')) { $mailbox.ActiveSyncEnabled = [bool]$bound['ActiveSyncEnabled'] }
      if ($bound.ContainsKey('ActiveSyncAllowedDeviceIDs')) { $mailbox.AllowedIds = Edit-List $mailbox.AllowedIds $bound['ActiveSyncAllowedDeviceIDs'] }
      if ($bound.ContainsKey('ActiveSyncBlockedDeviceIDs')) { $mailbox.BlockedIds = Edit-List $mailbox.BlockedIds $bound['ActiveSyncBlockedDeviceIDs'] }
    }
  }
}

function New-RuleObject($Rule) { ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.SystemConfiguration.ActiveSyncDeviceAccessRule' ([ordered]@{ Identity = [ADObjectId]::new($Rule.Name); Guid = [guid]$Rule.Guid; Name = $Rule.Name; Characteristic = $Rule.Characteristic; QueryString = $Rule.QueryString; AccessLevel = $Rule.AccessLevel }) }
function Find-Rule($State, [string]$Identity, $Caller) {
  foreach ($rule in @($State.rules)) { if (@($rule.Guid, $rule.Name) -contains $Identity) { return $rule } }
  $Caller.ThrowTerminatingError((New-Failure ([ManagementObjectNotFoundException]::new((Get-GermanText $Identity))) 'InvalidArgument' $null))
}

function Get-ActiveSyncDeviceAccessRule {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, $DomainController)
  $caller = $PSCmdlet
  Write-Noise 'Get-ActiveSyncDeviceAccessRule'
  Invoke-Fault 'Get-ActiveSyncDeviceAccessRule' 'before'
  $rows = Use-State { param($State) if ($Identity) { return (New-RuleObject (Find-Rule $State ([string]$Identity) $caller)) }; foreach ($rule in @($State.rules | Sort-Object -Property Name)) { New-RuleObject $rule } } $false
  foreach ($row in $rows) { $row }
}

function New-ActiveSyncDeviceAccessRule {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
  param([Parameter(Mandatory = $true)][ValidateSet('Allow', 'Block', 'Quarantine')][string]$AccessLevel,
    [Parameter(Mandatory = $true)][ValidateSet('DeviceModel', 'DeviceType', 'DeviceOS', 'UserAgent', 'XMSWLHeader')][string]$Characteristic, [Parameter(Mandatory = $true)][string]$QueryString, $DomainController)
  if (-not $PSCmdlet.ShouldProcess($QueryString)) { return }
  $caller = $PSCmdlet
  Invoke-Change 'New-ActiveSyncDeviceAccessRule' $PSBoundParameters $PSCmdlet {
    param($State)
    $name = $QueryString + '(' + $Characteristic + ')'
    foreach ($rule in @($State.rules)) { if ($rule.Name -eq $name) { $caller.ThrowTerminatingError((New-Failure ([ADObjectAlreadyExistsException]::new((Get-GermanText $name))) 'NotSpecified' $null)) } }
    $rule = [pscustomobject]@{ Guid = [string][guid]::NewGuid(); Name = $name; Characteristic = $Characteristic; QueryString = $QueryString; AccessLevel = $AccessLevel }
    $State.rules = @($State.rules) + $rule
    New-RuleObject $rule
  }
}

function Set-ActiveSyncDeviceAccessRule {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
  param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, [ValidateSet('Allow', 'Block', 'Quarantine')][string]$AccessLevel, $DomainController)
  process { if ($PSCmdlet.ShouldProcess([string]$Identity)) { $caller = $PSCmdlet; Invoke-Change 'Set-ActiveSyncDeviceAccessRule' $PSBoundParameters $PSCmdlet { param($State) (Find-Rule $State ([string]$Identity) $caller).AccessLevel = $AccessLevel } } }
}

function Remove-ActiveSyncDeviceAccessRule {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
  param([Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]$Identity, $DomainController)
  process {
    if (-not $PSCmdlet.ShouldProcess([string]$Identity)) { return }
    $caller = $PSCmdlet
    Invoke-Change 'Remove-ActiveSyncDeviceAccessRule' $PSBoundParameters $PSCmdlet { param($State) $gone = Find-Rule $State ([string]$Identity) $caller; $State.rules = @(foreach ($rule in @($State.rules)) { if ($rule.Guid -ne $gone.Guid) { $rule } }) }
  }
}

function Get-ActiveSyncOrganizationSettings {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, $DomainController)
  Write-Noise 'Get-ActiveSyncOrganizationSettings'
  Invoke-Fault 'Get-ActiveSyncOrganizationSettings' 'before'
  $level = (Use-State { param($State) $State.defaultAccessLevel } $false)[0]
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.SystemConfiguration.ActiveSyncOrganizationSettings' ([ordered]@{ Identity = 'Mobile Mailbox Settings'; Name = 'Mobile Mailbox Settings'; DefaultAccessLevel = $level; AdminMailRecipients = (Get-List @()) })
}

function Set-ActiveSyncOrganizationSettings {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
  param([Parameter(Position = 0)]$Identity, [ValidateSet('Allow', 'Block', 'Quarantine')][string]$DefaultAccessLevel, $AdminMailRecipients, [string]$UserMailInsert, $DomainController)
  if ($PSCmdlet.ShouldProcess('Mobile Mailbox Settings')) { Invoke-Change 'Set-ActiveSyncOrganizationSettings' $PSBoundParameters $PSCmdlet { param($State) if ($DefaultAccessLevel) { $State.defaultAccessLevel = $DefaultAccessLevel } } }
}

function Get-OrganizationConfig {
  [CmdletBinding()] param($DomainController)
  Write-Noise 'Get-OrganizationConfig'
  Invoke-Fault 'Get-OrganizationConfig' 'before'
  $ews = (Use-State { param($State) $State.ews } $false)[0]
  ConvertTo-Remote 'Microsoft.Exchange.Data.Directory.Management.OrganizationConfig' ([ordered]@{ Identity = 'Contoso'; EwsEnabled = $null; EwsApplicationAccessPolicy = $ews.Policy; EwsBlockList = (Get-List $ews.BlockList); EwsAllowList = (Get-List @()) })
}

function Set-OrganizationConfig {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
  param([ValidateSet('EnforceAllowList', 'EnforceBlockList')][string]$EwsApplicationAccessPolicy, $EwsBlockList, $EwsAllowList, $DomainController)
  if (-not $PSCmdlet.ShouldProcess('Contoso')) { return }
  $bound = $PSBoundParameters
  Invoke-Change 'Set-OrganizationConfig' $bound $PSCmdlet {
    param($State)
    if ($EwsApplicationAccessPolicy) { $State.ews.Policy = $EwsApplicationAccessPolicy }
    if ($bound.ContainsKey('EwsBlockList')) { $State.ews.BlockList = Edit-List $State.ews.BlockList $bound['EwsBlockList'] }
  }
}

function Get-ActiveSyncDeviceClass {
  [CmdletBinding()] param([Parameter(Position = 0)]$Identity, [string]$Filter, [string]$SortBy, $DomainController)
  $rows = Use-State { param($State) foreach ($device in $State.devices) { if ($device.Present) { $device } } } $false
  $seen = @{}
  foreach ($row in $rows) {
    if ($seen.ContainsKey($row.DeviceType + $row.DeviceModel)) { continue }
    $seen[$row.DeviceType + $row.DeviceModel] = $true
    [pscustomobject]@{ Name = $row.DeviceType + [char]0xA7 + $row.DeviceModel; DeviceType = $row.DeviceType; DeviceModel = $row.DeviceModel; LastUpdateTime = [DateTime]::Now }
  }
}

function Test-MislaidConnection { [CmdletBinding()] param() $script:Connected }
function Disconnect-MislaidConnection { [CmdletBinding()] param() $script:Connected = $false }

$names = @(
  'Get-MislaidSimulation', 'Get-ExchangeServer', 'Get-MobileDevice', 'Get-MobileDeviceStatistics', 'Clear-MobileDevice', 'Remove-MobileDevice', 'Get-Mailbox', 'Get-Recipient', 'Get-User',
  'Get-CASMailbox', 'Set-CASMailbox', 'Get-ActiveSyncDeviceAccessRule', 'New-ActiveSyncDeviceAccessRule', 'Set-ActiveSyncDeviceAccessRule', 'Remove-ActiveSyncDeviceAccessRule',
  'Get-ActiveSyncOrganizationSettings', 'Set-ActiveSyncOrganizationSettings', 'Get-ActiveSyncDeviceClass', 'Get-OrganizationConfig', 'Set-OrganizationConfig', 'Test-MislaidConnection', 'Disconnect-MislaidConnection')
$without = @(([string]$env:INIT_SCRIPT_FAKE_WITHOUT).Split(',') | ForEach-Object { $_.Trim() })
Export-ModuleMember -Function @($names | Where-Object { $without -notcontains $_ })
