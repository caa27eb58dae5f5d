/**
 * What a Windows PowerShell asks of the servers, as constant text: functions of our own around Invoke-Command, whose script blocks
 * run on the server and take everything as arguments. Nothing that a person typed or a file holds is ever PowerShell text.
 * Proved against functions that shadow Invoke-Command, Get-WinEvent and Restart-WebAppPool; not yet tried on Windows.
 */

/** The allow-list of these sessions: our functions and their parameters. */
export const winrmFunctions: Readonly<Record<string, readonly string[]>> = {
  'Get-MislaidLog': ['Server', 'Folder'],
  'Read-MislaidFile': ['Server', 'Path', 'From', 'Count'],
  'Write-MislaidConfig': ['Server', 'Path', 'Content', 'Expected', 'Stamp'],
  'Get-MislaidEvent': ['Server', 'Since'],
  'Restart-MislaidPool': ['Server', 'Pool'],
};

export const winrmScripts = {
  unspecifiedIsUtc: true,
  connect: `
function global:Get-MislaidLog {
  [CmdletBinding()] param([string]$Server, [string]$Folder)
  Invoke-Command -ComputerName $Server -ErrorAction Stop -ArgumentList $Folder -ScriptBlock {
    param($Folder)
    foreach ($file in (New-Object IO.DirectoryInfo -ArgumentList $Folder).GetFiles()) {
      [pscustomobject]@{
        Name = $file.Name; Path = $file.FullName; Size = $file.Length
        ModifiedAt = $file.LastWriteTimeUtc
      }
    }
  }
}
function global:Read-MislaidFile {
  [CmdletBinding()] param([string]$Server, [string]$Path, [long]$From, [int]$Count)
  Invoke-Command -ComputerName $Server -ErrorAction Stop -ArgumentList $Path, $From, $Count -ScriptBlock {
    param($Path, $From, $Count)
    $share = [IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete
    $stream = New-Object IO.FileStream -ArgumentList $Path, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), $share
    try {
      [void]$stream.Seek($From, [IO.SeekOrigin]::Begin)
      $buffer = New-Object byte[] $Count
      $read = 0
      while ($read -lt $Count) {
        $more = $stream.Read($buffer, $read, $Count - $read)
        if ($more -le 0) { break }
        $read += $more
      }
      [pscustomobject]@{ Content = [Convert]::ToBase64String($buffer, 0, $read); ModifiedAt = [IO.File]::GetLastWriteTimeUtc($Path) }
    } finally { $stream.Dispose() }
  }
}
function global:Write-MislaidConfig {
  [CmdletBinding()] param([string]$Server, [string]$Path, [string]$Content, [string]$Expected, [string]$Stamp)
  Invoke-Command -ComputerName $Server -ErrorAction Stop -ArgumentList $Path, $Content, $Expected, $Stamp -ScriptBlock {
    param($Path, $Content, $Expected, $Stamp)
    $hash = {
      param($Bytes)
      $sha = [Security.Cryptography.SHA256]::Create()
      try { [BitConverter]::ToString($sha.ComputeHash([byte[]]$Bytes)).Replace('-', '').ToLowerInvariant() } finally { $sha.Dispose() }
    }
    $write = {
      param($Target, $Bytes)
      $stream = New-Object IO.FileStream -ArgumentList $Target, ([IO.FileMode]::CreateNew), ([IO.FileAccess]::Write), ([IO.FileShare]::None)
      try { $stream.Write([byte[]]$Bytes, 0, ([byte[]]$Bytes).Length); $stream.Flush($true) } finally { $stream.Dispose() }
    }
    $old = [IO.File]::ReadAllBytes($Path)
    if ((& $hash $old) -ne $Expected) { throw 'MislaidConfigChanged' }
    $backup = $Path + '.' + $Expected.Substring(0, 16) + '.bak'
    if ([IO.File]::Exists($backup) -and (& $hash ([IO.File]::ReadAllBytes($backup))) -ne $Expected) { [IO.File]::Delete($backup) }
    if (-not [IO.File]::Exists($backup)) { & $write $backup $old }
    if ((& $hash ([IO.File]::ReadAllBytes($backup))) -ne $Expected) { throw 'MislaidBackupFailed' }
    $beside = $Path + '.' + $Stamp + '.tmp'
    & $write $beside ([Convert]::FromBase64String($Content))
    try {
      if ((& $hash ([IO.File]::ReadAllBytes($Path))) -ne $Expected) { throw 'MislaidConfigChanged' }
      [IO.File]::Replace($beside, $Path, [NullString]::Value)
    } finally { if ([IO.File]::Exists($beside)) { [IO.File]::Delete($beside) } }
    [pscustomobject]@{ Backup = $backup }
  }
}
function global:Get-MislaidEvent {
  [CmdletBinding()] param([string]$Server, [datetime]$Since)
  Invoke-Command -ComputerName $Server -ErrorAction Stop -ArgumentList $Since -ScriptBlock {
    param($Since)
    try {
      $found = @(Get-WinEvent -ErrorAction Stop -FilterHashtable @{ LogName = 'Application'; ProviderName = 'MSExchange ActiveSync'; Id = 1040; StartTime = $Since.ToLocalTime() })
    } catch {
      # None is an error of its own, and no failure.
      if ([string]$_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { throw }
      $found = @()
    }
    foreach ($one in $found) { [pscustomobject]@{ At = $one.TimeCreated.ToUniversalTime(); Message = [string]$one.Message } }
  }
}
function global:Restart-MislaidPool {
  [CmdletBinding()] param([string]$Server, [string]$Pool)
  Invoke-Command -ComputerName $Server -ErrorAction Stop -ArgumentList $Pool -ScriptBlock {
    param($Pool)
    if (-not (Get-Command Restart-WebAppPool -ErrorAction SilentlyContinue)) { Import-Module WebAdministration }
    Restart-WebAppPool -Name $Pool -ErrorAction Stop
    [pscustomobject]@{ Done = $true }
  }
}
if ($Mislaid.Settings.ContainsKey('initScript')) { . $Mislaid.Settings.initScript[0] }
`,
  ping: '$true',
  bye: '$null',
};
