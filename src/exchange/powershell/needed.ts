/**
 * What the bot needs of an Exchange, for doctor: each cmdlet with the parameters it binds, the management role that
 * usually holds it, and what is lost without it. Roles can be cut up: `Get-ManagementRole -Cmdlet <name>` has the last word.
 */
export type Needed = {
  readonly cmdlet: string;
  readonly parameters: readonly string[];
  readonly role: string;
  /** What the bot cannot do without it. */
  readonly without: string;
};

const readers = 'View-Only Recipients';
const devices = 'Mail Recipients';
const rules = 'Organization Client Access';

export const neededCmdlets: readonly Needed[] = [
  { cmdlet: 'Get-Mailbox', parameters: ['Identity', 'ResultSize'], role: readers, without: 'finding people' },
  { cmdlet: 'Get-User', parameters: ['Identity', 'ResultSize'], role: readers, without: 'departments and numbers' },
  { cmdlet: 'Get-Recipient', parameters: ['Anr', 'ResultSize'], role: readers, without: 'finding people by name' },
  {
    cmdlet: 'Get-MobileDevice',
    parameters: ['Identity', 'Mailbox', 'ResultSize'],
    role: readers,
    without: 'listing phones',
  },
  {
    cmdlet: 'Get-MobileDeviceStatistics',
    parameters: ['Identity', 'Mailbox'],
    role: devices,
    without: 'last syncs and the proof of a wipe',
  },
  {
    cmdlet: 'Clear-MobileDevice',
    parameters: ['Identity', 'Cancel', 'NotificationEmailAddresses', 'Confirm'],
    role: devices,
    without: 'every wipe, and taking one back',
  },
  { cmdlet: 'Remove-MobileDevice', parameters: ['Identity', 'Confirm'], role: devices, without: 'removing a device' },
  { cmdlet: 'Get-CASMailbox', parameters: ['Identity'], role: readers, without: 'seeing block lists' },
  {
    cmdlet: 'Set-CASMailbox',
    parameters: ['Identity', 'ActiveSyncEnabled', 'ActiveSyncBlockedDeviceIDs', 'ActiveSyncAllowedDeviceIDs'],
    role: devices,
    without: 'blocking one device',
  },
  { cmdlet: 'Get-ActiveSyncDeviceAccessRule', parameters: [], role: rules, without: 'seeing blocked apps' },
  {
    cmdlet: 'New-ActiveSyncDeviceAccessRule',
    parameters: ['AccessLevel', 'Characteristic', 'QueryString'],
    role: rules,
    without: 'blocking an app',
  },
  {
    cmdlet: 'Set-ActiveSyncDeviceAccessRule',
    parameters: ['Identity', 'AccessLevel'],
    role: rules,
    without: 'changing what happens to an app',
  },
  {
    cmdlet: 'Remove-ActiveSyncDeviceAccessRule',
    parameters: ['Identity', 'Confirm'],
    role: rules,
    without: 'unblocking an app',
  },
  { cmdlet: 'Get-ActiveSyncDeviceClass', parameters: [], role: rules, without: 'the spelling of apps for rules' },
  {
    cmdlet: 'Get-OrganizationConfig',
    parameters: [],
    role: 'View-Only Configuration',
    without: 'seeing apps blocked on Exchange Web Services',
  },
  {
    cmdlet: 'Set-OrganizationConfig',
    parameters: ['EwsApplicationAccessPolicy', 'EwsBlockList'],
    role: 'Organization Configuration',
    without: 'blocking an app on Exchange Web Services',
  },
  { cmdlet: 'Get-ActiveSyncOrganizationSettings', parameters: [], role: rules, without: 'the default for new phones' },
];
