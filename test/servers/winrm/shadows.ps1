# Stands in for the cmdlets of Windows: the "server" is this machine, whoever is named.
function global:Invoke-Command {
  [CmdletBinding()] param([string]$ComputerName, [scriptblock]$ScriptBlock, [object[]]$ArgumentList)
  [IO.File]::AppendAllText($env:INIT_SCRIPT_LEDGER, $ComputerName + [char]10)
  if ($ComputerName -eq 'EXDOWN') { throw (New-Object System.Management.Automation.Remoting.PSRemotingTransportException -ArgumentList 'cannot be reached') }
  & $ScriptBlock @ArgumentList
}
function global:Get-WinEvent {
  [CmdletBinding()] param([hashtable]$FilterHashtable)
  $at = [datetime]::SpecifyKind([datetime]'2026-03-02T09:00:00', [DateTimeKind]::Utc)
  if ($FilterHashtable.Id -ne 1040 -or $FilterHashtable.ProviderName -ne 'MSExchange ActiveSync' -or $FilterHashtable.StartTime.ToUniversalTime() -gt $at) {
    $none = New-Object System.Exception -ArgumentList 'Es wurden keine Ereignisse gefunden.'
    throw (New-Object System.Management.Automation.ErrorRecord -ArgumentList $none, 'NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand', 'ObjectNotFound', $null)
  }
  [pscustomobject]@{
    TimeCreated = $at.ToLocalTime()
    Message = 'The average of the most recent heartbeat intervals [207] for request [Ping] used by clients is less than or equal to [540].' + [char]13 + [char]10 + 'Make sure that your firewall is configured correctly.'
  }
}
function global:Restart-WebAppPool {
  [CmdletBinding()] param([string]$Name)
  if ($Name -ne 'MSExchangeSyncAppPool') { throw 'no such pool' }
  [IO.File]::AppendAllText($env:INIT_SCRIPT_LEDGER, 'recycled ' + $Name + [char]10)
}
