/**
 * Everything that PowerShell ever parses from us: constants. Valid for PowerShell 7.4+ and Windows PowerShell 5.1
 * (no ternary, no `??`, no -AsHashtable), and run by nothing but its own definition: requests are literals (request.ts).
 *
 * Traps met here: a value from a remote session may be a number that says "Blocked" (a deserialised enum), a list may be
 * an ArrayList, dates are of the local kind, `$x.Name` on a list answers for its members, ConvertTo-Json of 5.1 writes
 * dates as `\/Date(0)\/`, `-Depth` is 2, and every command typed is kept in the history.
 */

/** Bytes of JSON in one frame; a page of rows that is larger becomes the error MislaidTooLarge. */
export const answerLimit = 2_900_000;

/** Rows in one frame: a large organisation's mailboxes come in pages, so that no frame holds up the event loop. */
export const pageRows = 250;

/** First line of a session, which works in a constrained language too: sets the line end, then says who is there. */
export function helloLine(nonce: string): string {
  return `try { [Console]::Out.NewLine = [string][char]10 } catch { }; '<mislaid ${nonce} ' + $PID + ' ' + $PSVersionTable.PSVersion + ' ' + $PSVersionTable.PSEdition + ' ' + $ExecutionContext.SessionState.LanguageMode + '>'`;
}

/** Defines `$Mislaid`. One line, so that the host never waits for the end of a block. */
export function bootLine(options: {
  readonly allowed: Readonly<Record<string, readonly string[]>>;
  readonly probed: readonly string[];
  /** Dates without a zone: Online answers them in UTC, on-prem in the engine's zone. */
  readonly unspecifiedIsUtc: boolean;
  readonly connect: string;
  readonly ping: string;
  readonly bye: string;
}): string {
  const allowed = Object.entries(options.allowed).map(([name, parameters]) => `  '${name}' = @(${quoted(parameters)})`);
  const script = [
    'New-Variable -Name Mislaid -Scope Global -Option Constant -Value @{ Commands = @{} }',
    `$Mislaid.Allowed = @{\n${allowed.join('\n')}\n}`,
    `$Mislaid.Probed = @(${quoted(options.probed)})`,
    `$Mislaid.UnspecifiedIsUtc = ${options.unspecifiedIsUtc ? '$true' : '$false'}`,
    `$Mislaid.Limit = ${answerLimit}; $Mislaid.Page = ${pageRows}; $Mislaid.Left = [Collections.ArrayList]::new()`,
    engineScript,
    `$Mislaid.ConnectTo = {\n${options.connect}\n}`,
    `$Mislaid.Ping = {\n${options.ping}\n}`,
    `$Mislaid.Bye = {\n${options.bye}\n}`,
  ].join('\n');
  const literal = Buffer.from(script, 'utf8').toString('base64');
  return `. ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${literal}'))))`;
}

/** Runs one request. `connect` is dot-sourced, so that what an init script defines stays. */
export function requestLine(op: 'call' | 'more' | 'connect' | 'ping' | 'bye', literal: string): string {
  switch (op) {
    case 'connect':
      return `. $Mislaid.Connect '${literal}'`;
    case 'call':
    case 'more':
    case 'ping':
    case 'bye':
      return `& $Mislaid.Run '${literal}'`;
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

const engineScript = `
$global:MaximumHistoryCount = 1

# What a script puts in their place, or another encoding, would keep every answer, and its end, from arriving.
$Mislaid.Out = [Console]::Out
$Mislaid.Err = [Console]::Error
# What is called here, and must be called as it stands here.
$Mislaid.Own = @('ConvertFrom-Json', 'ConvertTo-Json', 'Get-Command', 'Get-Module', 'New-Object', 'Out-Null', 'Out-Default', 'Set-StrictMode')

$Mislaid.Epoch = New-Object DateTime -ArgumentList 1970, 1, 1, 0, 0, 0, ([DateTimeKind]::Utc)

# Stands for a value that is there and cannot be had. An absent value means something (never, not blocked), so it is not left out.
$Mislaid.Unreadable = @{ MislaidUnreadable = $true }

$Mislaid.Text = { param($Encoded) [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Encoded)) }

$Mislaid.Unpreset = {
  if (-not ($global:PSDefaultParameterValues -is [Collections.IDictionary])) { return }
  foreach ($key in @($global:PSDefaultParameterValues.Keys)) {
    $command, $parameter = ([string]$key) -split ':', 2
    if ($null -eq $parameter) { continue }
    $pattern = $command.Trim([char]32, [char]34, [char]39).Split([char]92)[-1]
    $ours = @('WhatIf', 'wi') -contains $parameter.Trim()
    foreach ($name in (@($Mislaid.Allowed.Keys) + $Mislaid.Own)) {
      if ($ours) { break }
      try { $ours = $name -like $pattern } catch { $ours = $true }
    }
    if ($ours) { $global:PSDefaultParameterValues.Remove($key) }
  }
}

# Dot-sourced before everything that is run, and after an init script: whatever it prefers, calls are the same everywhere. Default
# parameters for what is called here go, and rehearsals (-WhatIf) for whatever lies below it; those for a script's own commands stay.
$Mislaid.Quiet = {
  Set-StrictMode -Off
  $global:ErrorActionPreference = 'Stop'
  $global:WarningPreference = 'Continue'
  $global:VerbosePreference = 'SilentlyContinue'
  $global:DebugPreference = 'SilentlyContinue'
  $global:InformationPreference = 'SilentlyContinue'
  $global:ProgressPreference = 'SilentlyContinue'
  $global:ConfirmPreference = 'High'
  $global:WhatIfPreference = $false
  $global:PSNativeCommandUseErrorActionPreference = $false
  & $Mislaid.Unpreset
  & $Mislaid.Aloud
}

$Mislaid.Aloud = {
  if (-not [object]::ReferenceEquals([Console]::Out, $Mislaid.Out)) { [Console]::SetOut($Mislaid.Out) }
  if (-not [object]::ReferenceEquals([Console]::Error, $Mislaid.Err)) { [Console]::SetError($Mislaid.Err) }
}

$Mislaid.Plain = {
  param($Value, [int]$Depth)
  if ($null -eq $Value) { return $null }
  if ($Value -is [string]) { return $Value.PSObject.BaseObject }
  $base = $Value.PSObject.BaseObject
  if ($base -is [bool]) { return $base }
  if ($base -is [DateTime]) {
    if ($base.Kind -eq [DateTimeKind]::Unspecified -and $Mislaid.UnspecifiedIsUtc) { $base = [DateTime]::SpecifyKind($base, [DateTimeKind]::Utc) }
    return $base.ToUniversalTime().ToString('o', [Globalization.CultureInfo]::InvariantCulture)
  }
  if ($base -is [DateTimeOffset]) { return $base.UtcDateTime.ToString('o', [Globalization.CultureInfo]::InvariantCulture) }
  if ($base -is [Enum]) { return $base.ToString() }
  if ($base -is [Collections.IEnumerable] -and -not ($base -is [Collections.IDictionary]) -and -not ($base -is [string])) {
    $list = [Collections.ArrayList]::new()
    foreach ($one in $base) {
      if ($one -is [string]) { [void]$list.Add($one.ToString()) }
      elseif ($Depth -lt 4) { [void]$list.Add((& $Mislaid.Plain $one ($Depth + 1))) }
    }
    return , $list
  }
  $types = $Value.PSObject.TypeNames
  if ($types.Count -gt 0 -and $types[0].StartsWith('Deserialized.')) { return [string]$Value }
  if ($base -is [double] -or $base -is [single]) {
    if ([double]::IsNaN($base) -or [double]::IsInfinity($base)) { return $Mislaid.Unreadable }
    return $base
  }
  if ($base -is [long] -or $base -is [uint64] -or $base -is [decimal]) {
    if ($base -gt 9007199254740991 -or $base -lt -9007199254740991) { return $base.ToString([Globalization.CultureInfo]::InvariantCulture) }
    return $base
  }
  if ($base -is [int] -or $base -is [uint32] -or $base -is [int16] -or $base -is [uint16] -or $base -is [byte] -or $base -is [sbyte]) { return $base }
  return [string]$Value
}

$Mislaid.Failure = {
  param($Record)
  $failure = $Record
  if ($failure -is [Exception]) { $failure = New-Object System.Management.Automation.ErrorRecord -ArgumentList $failure, $failure.GetType().Name, 'NotSpecified', $null }
  $types = [Collections.ArrayList]::new()
  $remoteTypes = [Collections.ArrayList]::new()
  $status = $null
  $exception = $failure.Exception
  for ($level = 0; $level -lt 5 -and $null -ne $exception; $level++) {
    $remote = $exception.PSObject.Properties['SerializedRemoteException']
    if ($null -ne $remote -and $null -ne $remote.Value) { foreach ($name in $remote.Value.PSObject.TypeNames) { $name = $name.Replace('Deserialized.', ''); [void]$types.Add($name); [void]$remoteTypes.Add($name); break } }
    [void]$types.Add($exception.GetType().FullName)
    if ($null -eq $status) {
      foreach ($holder in @($exception, $exception.PSObject.Properties['Response'])) {
        if ($holder -is [Management.Automation.PSPropertyInfo]) { $holder = $holder.Value }
        if ($null -eq $holder) { continue }
        $code = $holder.PSObject.Properties['StatusCode']
        if ($null -ne $code -and $null -ne $code.Value) { try { $status = [int]$code.Value } catch { } }
      }
    }
    $exception = $exception.InnerException
  }
  @{
    id = [string]$failure.FullyQualifiedErrorId; category = [string]$failure.CategoryInfo.Category; reason = [string]$failure.CategoryInfo.Reason; activity = [string]$failure.CategoryInfo.Activity
    types = $types; remote = $remoteTypes; status = $status; message = [string]$failure.Exception.Message
  }
}

$Mislaid.Refusal = {
  param([string]$Id, [string]$Message)
  @{ id = $Id; category = 'InvalidArgument'; reason = $Id; activity = ''; types = ([Collections.ArrayList]::new()); remote = ([Collections.ArrayList]::new()); status = $null; message = $Message }
}

$Mislaid.Print = {
  param([string]$Nonce, $Rows, $Failure, $Warnings)
  $page = $Rows
  $Mislaid.Left = [Collections.ArrayList]::new()
  if ($Rows.Count -gt $Mislaid.Page) {
    $page = $Rows.GetRange(0, $Mislaid.Page)
    $Mislaid.Left = $Rows.GetRange($Mislaid.Page, $Rows.Count - $Mislaid.Page)
  }
  $envelope = @{ nonce = $Nonce; ok = ($null -eq $Failure); rows = $page; more = $Mislaid.Left.Count; error = $Failure; warnings = $Warnings; memory = [Environment]::WorkingSet }
  $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $envelope -Compress -Depth 10))
  if ($bytes.Length -gt $Mislaid.Limit) {
    $Mislaid.Left = [Collections.ArrayList]::new()
    $envelope.more = 0
    $envelope.ok = $false
    $envelope.rows = [Collections.ArrayList]::new()
    $envelope.warnings = [Collections.ArrayList]::new()
    $envelope.error = & $Mislaid.Refusal 'MislaidTooLarge' ('the answer has ' + $bytes.Length + ' bytes, the limit is ' + $Mislaid.Limit)
    $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $envelope -Compress -Depth 10))
  }
  & $Mislaid.Aloud
  [Console]::Out.Write([string][char]10 + '<mislaid ' + $Nonce + ' ' + [Convert]::ToBase64String($bytes) + '>' + [char]10)
}

$Mislaid.Offered = {
  param($Names)
  $autoload = $global:PSModuleAutoLoadingPreference
  $global:PSModuleAutoLoadingPreference = 'None'
  try {
    foreach ($name in $Names) { foreach ($command in @(Get-Command -Name $name -CommandType Function, Cmdlet -ErrorAction SilentlyContinue)) { $command; break } }
  } finally { $global:PSModuleAutoLoadingPreference = $autoload }
}

$Mislaid.Describe = {
  $Mislaid.Commands.Clear()
  $cmdlets = @{}
  foreach ($command in (& $Mislaid.Offered (@($Mislaid.Allowed.Keys) + $Mislaid.Probed))) {
    if ($Mislaid.Allowed.ContainsKey($command.Name)) { $Mislaid.Commands[$command.Name] = $command }
    $parameters = [Collections.ArrayList]::new()
    foreach ($parameter in $command.Parameters.Keys) { [void]$parameters.Add([string]$parameter) }
    $cmdlets[$command.Name] = $parameters
  }
  $builds = [Collections.ArrayList]::new()
  if ($Mislaid.Commands.ContainsKey('Get-ExchangeServer')) {
    try { foreach ($server in @(& $Mislaid.Commands['Get-ExchangeServer'] 3>$null 6>$null)) { [void]$builds.Add([string]$server.AdminDisplayVersion) } } catch { }
  }
  $modules = [Collections.ArrayList]::new()
  foreach ($module in @(Get-Module)) { [void]$modules.Add([string]$module.Name + ' ' + [string]$module.Version) }
  @{ cmdlets = $cmdlets; builds = $builds; modules = $modules; now = [DateTime]::UtcNow.ToString('o', [Globalization.CultureInfo]::InvariantCulture) }
}

$Mislaid.Splat = {
  param($Request, $Command)
  $splat = @{}
  foreach ($argument in $Request.args) {
    $name = [string]$argument.name
    if (-not ($Mislaid.Allowed[$Command.Name] -contains $name)) { throw (New-Object System.UnauthorizedAccessException -ArgumentList ('-' + $name)) }
    if (-not $Command.Parameters.ContainsKey($name)) { throw (New-Object System.MissingMemberException -ArgumentList ('-' + $name)) }
    switch ([string]$argument.type) {
      'text' { $splat[$name] = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($argument.value)) }
      'bool' { $splat[$name] = [bool]$argument.value }
      'integer' { $splat[$name] = [long]$argument.value; if ([Math]::Abs($splat[$name]) -le 2147483647) { $splat[$name] = [int]$splat[$name] } }
      'number' { $splat[$name] = [double]$argument.value }
      'date' { $splat[$name] = New-Object DateTime -ArgumentList ([long]621355968000000000 + [long]$argument.value * 10000), ([DateTimeKind]::Utc) }
      'list' { $splat[$name] = [string[]]@(foreach ($one in $argument.value) { & $Mislaid.Text $one }) }
      'add' { $splat[$name] = @{ Add = [string[]]@(foreach ($one in $argument.value) { & $Mislaid.Text $one }) } }
      'remove' { $splat[$name] = @{ Remove = [string[]]@(foreach ($one in $argument.value) { & $Mislaid.Text $one }) } }
    }
  }
  # One object that a reading stumbles over does not cost the others.
  if ($Command.Parameters.ContainsKey('ErrorAction')) { $splat['ErrorAction'] = $(if ($Request.reads) { 'Continue' } else { 'Stop' }) }
  if ($Command.Parameters.ContainsKey('WhatIf')) { $splat['WhatIf'] = $false }
  $splat
}

$Mislaid.Call = {
  param($Request, $Rows, $Warnings)
  $name = [string]$Request.cmdlet
  if (-not $Mislaid.Allowed.ContainsKey($name)) { return (& $Mislaid.Refusal 'MislaidNotAllowed' ($name + ' is not on the allow-list')) }
  $command = $Mislaid.Commands[$name]
  if ($null -eq $command) { return (& $Mislaid.Refusal 'MislaidNotOffered' ($name + ' is not offered here')) }
  try { $splat = & $Mislaid.Splat $Request $command }
  catch [System.UnauthorizedAccessException] { return (& $Mislaid.Refusal 'MislaidNotAllowed' ($name + ' ' + $_.Exception.Message + ' is not on the allow-list')) }
  catch [System.MissingMemberException] { return (& $Mislaid.Refusal 'MislaidNotOffered' ($name + ' ' + $_.Exception.Message + ' is not offered here')) }
  $failure = $null
  [string[]]$select = @($Request.select)
  $plain = $Mislaid.Plain
  $unreadable = $Mislaid.Unreadable
  $failed = $Mislaid.Failure
  $reads = [bool]$Request.reads
  $depth = 0
  $global:LASTEXITCODE = 0
  try { throw 'depth' } catch { $depth = $_.ScriptStackTrace.Split([char]10).Length }
  # The last statement before the cmdlet: whatever stood still on the way here, nothing is sent at this instant or later.
  if ($null -ne $Request.notAfter -and ([DateTime]::UtcNow - $Mislaid.Epoch).TotalMilliseconds -ge [double]$Request.notAfter) { return (& $Mislaid.Refusal 'MislaidTooLate' ($name + ' came after its deadline')) }
  try {
    & $command @splat *>&1 | & {
      process {
        if ($null -eq $_) { return }
        if ($_ -is [Management.Automation.ErrorRecord]) {
          # What a program wrote to stderr is no error yet: banners stand there, too. How it ended tells.
          if (([string]$_.FullyQualifiedErrorId).StartsWith('NativeCommandError', [StringComparison]::Ordinal)) { return }
          if (-not $reads) { throw $_ }
          [void]$Rows.Add(@{ MislaidLost = (& $failed $_) })
          return
        }
        if ($_ -is [Management.Automation.WarningRecord]) { if ($Warnings.Count -lt 50) { [void]$Warnings.Add([string]$_.Message) }; return }
        if ($_ -is [Management.Automation.InformationalRecord] -or $_ -is [Management.Automation.InformationRecord]) { return }
        if ($select.Count -eq 0) { return }
        $properties = $_.PSObject.Properties
        $row = [ordered]@{}
        foreach ($wanted in $select) {
          $property = $properties[$wanted]
          # What an object does not have is left out: that is not the same as an empty value.
          if ($null -eq $property) { continue }
          $value = $property.Value
          # A value that cannot be had reads as an empty one, unless it is called for.
          if ($null -eq $value -and -not ($property -is [Management.Automation.PSNoteProperty])) { try { $value = $property.get_Value() } catch { $value = $unreadable } }
          # The common ones at once: calling a script block costs more than all the rest.
          if ($null -eq $value) { $row[$wanted] = $null }
          elseif ($value -is [string]) { $row[$wanted] = $value.ToString() }
          elseif (-not ($value -is [psobject]) -and ($value -is [bool] -or $value -is [int])) { $row[$wanted] = $value }
          elseif ($value -is [guid]) { $row[$wanted] = $value.ToString() }
          else { $row[$wanted] = & $plain $value 0 }
        }
        [void]$Rows.Add($row)
      }
    }
  } catch {
    $failure = & $Mislaid.Failure $_
    # Raised here and not inside the cmdlet, where the stack is deeper: then it was the binding of our own arguments.
    if ($_.Exception -is [Management.Automation.ParameterBindingException] -and $_.Exception.CommandInvocation.MyCommand.Name -eq $name -and $_.ScriptStackTrace.Split([char]10).Length -le $depth) { $failure.reason = 'MislaidNotBound' }
  }
  if ($null -eq $failure -and $global:LASTEXITCODE -ne 0) { $failure = & $Mislaid.Refusal 'MislaidProgramFailed' ('a program that ' + $name + ' ran ended with code ' + $global:LASTEXITCODE) }
  $failure
}

$Mislaid.Run = {
  param([string]$Literal)
  Set-StrictMode -Off
  $request = ConvertFrom-Json -InputObject (& $Mislaid.Text $Literal)
  $rows = [Collections.ArrayList]::new()
  $warnings = [Collections.ArrayList]::new()
  $failure = $null
  try {
    . $Mislaid.Quiet
    switch ([string]$request.op) {
      'call' { $failure = & $Mislaid.Call $request $rows $warnings }
      'more' { $rows = $Mislaid.Left }
      # Whatever else it prints, its last true or false counts.
      'ping' { foreach ($one in @(& $Mislaid.Ping *>&1)) { if ($one -is [bool] -or -not ($last -is [bool])) { $last = $one } }; [void]$rows.Add([bool]$last) }
      'bye' { [void]@(& $Mislaid.Bye *>&1) }
      default { throw 'unknown request' }
    }
  } catch { $failure = & $Mislaid.Failure $_ }
  $global:Error.Clear()
  & $Mislaid.Print $request.nonce $rows $failure $warnings
}

$Mislaid.Connect = {
  param([string]$Literal)
  . $Mislaid.Quiet
  $Mislaid.Request = ConvertFrom-Json -InputObject (& $Mislaid.Text $Literal)
  $Mislaid.Settings = @{}
  foreach ($MislaidOne in $Mislaid.Request.settings) { $Mislaid.Settings[[string]$MislaidOne.name] = @(foreach ($text in $MislaidOne.value) { & $Mislaid.Text $text }) }
  $Mislaid.Rows = [Collections.ArrayList]::new()
  $Mislaid.Problem = $null
  try {
    try { . $Mislaid.ConnectTo *>&1 | Out-Null } finally { . $Mislaid.Quiet }
    [void]$Mislaid.Rows.Add((& $Mislaid.Describe))
  } catch { $Mislaid.Problem = & $Mislaid.Failure $_ }
  $global:Error.Clear()
  & $Mislaid.Print $Mislaid.Request.nonce $Mislaid.Rows $Mislaid.Problem ([Collections.ArrayList]::new())
}
`;
