# Init script for MISLAID_EXCHANGE=custom: the fake Exchange of the tests.
#   EXCHANGE_INIT_SCRIPT=test/powershell/fake-exchange.ps1 INIT_SCRIPT_FAKE_FOLDER=/tmp/fake-exchange
# A folder that is new gets its people and phones from seed.json beside this script.
if (-not $env:INIT_SCRIPT_FAKE_FOLDER) { $env:INIT_SCRIPT_FAKE_FOLDER = Join-Path ([IO.Path]::GetTempPath()) 'mislaid-fake-exchange' }
[void][IO.Directory]::CreateDirectory($env:INIT_SCRIPT_FAKE_FOLDER)
if (-not [IO.File]::Exists((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'seed.json'))) {
  # Sessions of one pool start at the same time: the second copy finds the first one's file, and that is as good.
  try { [IO.File]::Copy((Join-Path $PSScriptRoot 'seed.json'), (Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'seed.json')) } catch [IO.IOException] { }
}
Import-Module (Join-Path $PSScriptRoot 'FakeExchange.psm1') -Force
