# The fake Exchange, with a Clear-MobileDevice that takes effect and then fails, as bend.txt in the fake's folder says. Every failure
# here comes after the request is stored, whatever its type claims.
. (Join-Path $PSScriptRoot 'fake-exchange.ps1')

function global:Clear-MobileDevice {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
  param([Parameter(Mandatory = $true)]$Identity, [switch]$AccountOnly, [switch]$Cancel, $NotificationEmailAddresses)
  FakeExchange\Clear-MobileDevice @PSBoundParameters
  $bend = [IO.File]::ReadAllText((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'bend.txt'))
  switch ($bend) {
    'unauthorised' { throw [UnauthorizedAccessException]::new('Zugriff verweigert') }
    'invalid-operation' { throw [InvalidOperationException]::new('The request message was already sent. Cannot send the same request message multiple times.') }
    'not-implemented' { throw [NotImplementedException]::new() }
    'argument' { throw [ArgumentException]::new('falsch') }
    'unknown-parameter' { FakeExchange\Get-Mailbox -NoSuchParameter 1 }
    'unknown-cmdlet' { Clear-NoSuchThing }
    'binding' { throw [System.Management.Automation.ParameterBindingException]::new('unbound') }
    'not-found-by-name' { class ManagementObjectNotFoundException : Exception { ManagementObjectNotFoundException([string]$m) : base($m) { } }; throw [ManagementObjectNotFoundException]::new('weg') }
    'over-budget' { throw [System.Management.Automation.RemoteException]::new('HttpStatusCode=429 Too Many Requests') }
    'http-503' { throw [Exception]::new('Response status code does not indicate success: 503 (Service Unavailable).') }
    'write-error' { Write-Error -Message 'etwas' -Category PermissionDenied -ErrorId 'AccessDenied' -ErrorAction Stop }
    'string' { throw 'just text' }
    'null-reference' { $null.Nothing() }
    'cast' { [int]'nothing' }
    'timeout' { throw [TimeoutException]::new() }
    'cancelled' { throw [OperationCanceledException]::new() }
    'pipeline-stopped' { throw [System.Management.Automation.PipelineStoppedException]::new() }
    'exit' { exit 0 }
    default { }
  }
}
