import type { Capabilities } from '../port.ts';

const common = ['Confirm', 'DomainController'];
const paged = ['ResultSize', 'SortBy', 'Filter', ...common];

/** What the lab's Exchange 2019 offers to the bot's account. */
export const labCapabilities: Capabilities = {
  version: '2019',
  accountOnly: true,
  reportsWipes: true,
  simulation: true,
  cmdlets: {
    'Get-Recipient': ['Identity', 'Anr', 'RecipientTypeDetails', ...paged],
    'Get-Mailbox': ['Identity', 'Anr', 'RecipientTypeDetails', ...paged],
    'Get-User': ['Identity', 'Anr', 'RecipientTypeDetails', ...paged],
    'Get-MobileDevice': ['Identity', 'Mailbox', 'ActiveSync', 'RestApi', ...paged],
    'Get-MobileDeviceStatistics': ['Identity', 'Mailbox', 'ActiveSync', 'RestApi', ...common],
    'Clear-MobileDevice': ['Identity', 'AccountOnly', 'Cancel', 'NotificationEmailAddresses', ...common],
    'Remove-MobileDevice': ['Identity', ...common],
    'Get-CASMailbox': ['Identity', 'ActiveSyncDebugLogging', ...paged],
    'Set-CASMailbox': [
      'Identity',
      'ActiveSyncAllowedDeviceIDs',
      'ActiveSyncBlockedDeviceIDs',
      'ActiveSyncEnabled',
      'ActiveSyncDebugLogging',
      ...common,
    ],
    'Get-ActiveSyncDeviceAccessRule': ['Identity', ...common],
    'New-ActiveSyncDeviceAccessRule': ['AccessLevel', 'Characteristic', 'QueryString', ...common],
    'Set-ActiveSyncDeviceAccessRule': ['Identity', 'AccessLevel', ...common],
    'Remove-ActiveSyncDeviceAccessRule': ['Identity', ...common],
    'Get-ActiveSyncOrganizationSettings': ['Identity', ...common],
    'Get-ActiveSyncDeviceClass': ['Identity', ...paged],
    'Get-OrganizationConfig': common,
    'Set-OrganizationConfig': ['EwsApplicationAccessPolicy', 'EwsBlockList', 'EwsAllowList', ...common],
  },
};
