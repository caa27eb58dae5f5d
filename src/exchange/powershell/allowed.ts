/**
 * The allow-list: which cmdlets with which parameters may ever be sent, checked here before sending and again in the
 * engine. A second fence behind the descriptions in ../cmdlets; a test holds the two together.
 * Parameters: Microsoft's cmdlet reference (Exchange 2013 to SE and Online); what one organisation offers is probed.
 * Left out on purpose: WhatIf (a wipe that silently does nothing), ShowRecoveryPassword, GetMailboxLog, Server choices.
 */
export const allowedCmdlets: Readonly<Record<string, readonly string[]>> = {
  'Get-MobileDevice': [
    'Identity',
    'Mailbox',
    'Filter',
    'ResultSize',
    'SortBy',
    'ActiveSync',
    'OWAforDevices',
    'RestApi',
    'UniversalOutlook',
  ],
  'Get-MobileDeviceStatistics': ['Identity', 'Mailbox', 'ActiveSync', 'OWAforDevices', 'RestApi', 'UniversalOutlook'],
  'Clear-MobileDevice': ['Identity', 'AccountOnly', 'Cancel', 'NotificationEmailAddresses', 'Confirm'],
  'Remove-MobileDevice': ['Identity', 'Confirm'],
  'Get-CASMailbox': [
    'Identity',
    'Filter',
    'ResultSize',
    'ActiveSyncDebugLogging',
    'RecalculateHasActiveSyncDevicePartnership',
  ],
  'Set-CASMailbox': [
    'Identity',
    'ActiveSyncEnabled',
    'ActiveSyncAllowedDeviceIDs',
    'ActiveSyncBlockedDeviceIDs',
    'ActiveSyncDebugLogging',
    'ActiveSyncMailboxPolicy',
    'OutlookMobileEnabled',
    'OWAforDevicesEnabled',
    'ResetAutoBlockedDevices',
    'Confirm',
  ],
  'Get-Mailbox': ['Identity', 'Anr', 'Filter', 'ResultSize', 'RecipientTypeDetails'],
  'Get-User': ['Identity', 'Filter', 'ResultSize', 'RecipientTypeDetails'],
  'Get-Recipient': ['Identity', 'Anr', 'Filter', 'ResultSize', 'RecipientTypeDetails'],
  'Get-ActiveSyncDeviceAccessRule': ['Identity'],
  'New-ActiveSyncDeviceAccessRule': ['AccessLevel', 'Characteristic', 'QueryString', 'Confirm'],
  'Set-ActiveSyncDeviceAccessRule': ['Identity', 'AccessLevel', 'Confirm'],
  'Remove-ActiveSyncDeviceAccessRule': ['Identity', 'Confirm'],
  'Get-ActiveSyncDeviceClass': ['Identity', 'Filter', 'SortBy'],
  'Get-ActiveSyncOrganizationSettings': ['Identity'],
  'Set-ActiveSyncOrganizationSettings': [
    'Identity',
    'DefaultAccessLevel',
    'AdminMailRecipients',
    'UserMailInsert',
    'OtaNotificationMailInsert',
    'Confirm',
  ],
  'Get-ActiveSyncDeviceAutoblockThreshold': ['Identity'],
  'Get-ActiveSyncVirtualDirectory': ['Identity', 'Server', 'ADPropertiesOnly', 'ShowMailboxVirtualDirectories'],
  'Get-OrganizationConfig': [],
  'Set-OrganizationConfig': ['EwsApplicationAccessPolicy', 'EwsBlockList', 'Confirm'],
  'Get-ExchangeServer': ['Identity'],
};

/** Probed and reported, never sent: the names of Exchange 2010, and the Online-only readers. */
export const probedCmdlets: readonly string[] = [
  'Get-ActiveSyncDevice',
  'Get-ActiveSyncDeviceStatistics',
  'Clear-ActiveSyncDevice',
  'Remove-ActiveSyncDevice',
  'Get-EXOMobileDeviceStatistics',
  'Get-EXOCasMailbox',
  'Get-MislaidSimulation',
];
