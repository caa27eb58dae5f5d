/** The people of the lab, and their mailboxes. policy.example.yaml names them by these addresses. */

export type LabMailboxSeed = {
  alias: string;
  firstName: string;
  lastName: string;
  displayName: string;
  department: string;
  title: string;
  /** Office telephone, for call-backs; empty where the directory has none. */
  phone: string;
  mobilePhone: string;
  manager: string;
  server: 'EX01' | 'EX02' | 'EX03';
  /** Default: a user's mailbox. */
  kind?: 'SharedMailbox';
  disabled?: boolean;
  /** New messages an hour. */
  mails: number;
};

function person(
  alias: string,
  displayName: string,
  department: string,
  title: string,
  server: LabMailboxSeed['server'],
  rest: Partial<LabMailboxSeed> = {},
): LabMailboxSeed {
  const [firstName = '', ...others] = displayName.split(' ');
  return {
    alias,
    firstName,
    lastName: others.join(' '),
    displayName,
    department,
    title,
    phone: '',
    mobilePhone: '',
    manager: 'Victoria Stern',
    server,
    mails: 2,
    ...rest,
  };
}

/** At `<alias>@contoso.example`. */
export const labMailboxes: readonly LabMailboxSeed[] = [
  person('hana', 'Hana Novak', 'Service Desk', 'Helpdesk analyst', 'EX01', { phone: '+1 555 0101' }),
  person('hugo', 'Hugo Brandt', 'Service Desk', 'Helpdesk analyst', 'EX01', { phone: '+1 555 0102' }),
  person('otto', 'Otto Lindqvist', 'IT Operations', 'Messaging lead', 'EX02', { phone: '+1 555 0103' }),
  person('ada', 'Ada Romero', 'IT Operations', 'Exchange administrator', 'EX01', { phone: '+1 555 0104' }),
  person('ines', 'Ines Duarte', 'IT Operations', 'Exchange administrator', 'EX02', { phone: '+1 555 0105' }),
  person('sasha', 'Sasha Petrov', 'Security', 'Security engineer', 'EX03', { phone: '+1 555 0106' }),
  person('bob', 'Bob Tanaka', 'Warehouse', 'Shift supervisor', 'EX02', { phone: '+1 555 0110', manager: 'Gita Rao' }),
  person('alice.ng', 'Alice Ng', 'Finance', 'Controller', 'EX01', {
    phone: '+1 555 0111',
    mobilePhone: '+1 555 0199',
    manager: 'Renée Dubois',
    mails: 1,
  }),
  person('alice.moreau', 'Alice Moreau', 'Sales', 'Account manager', 'EX02', {
    phone: '+1 555 0112',
    manager: 'Karl Weiss',
  }),
  person('victoria', 'Victoria Stern', 'Board', 'Chief executive', 'EX01', {
    phone: '+1 555 0100',
    manager: '',
    mails: 6,
  }),
  person('sales.desk', 'Sales Desk', 'Sales', '', 'EX02', { kind: 'SharedMailbox', disabled: true, manager: '' }),
  person('noor', 'Noor Haddad', 'Legal', 'Counsel', 'EX03', { phone: '+1 555 0113' }),
  person('dieter', 'Dieter Vogel', 'Sales', 'Account manager', 'EX03', { disabled: true, manager: 'Karl Weiss' }),
  person('pavel', 'Pavel Kriz', 'Engineering', 'Engineer', 'EX01', { phone: '+1 555 0114' }),
  person('mei', 'Mei Lin', 'Engineering', 'Engineer', 'EX03', { phone: '+1 555 0115' }),
  person('tom', "Tom O'Brien", 'Marketing', 'Designer', 'EX02', { phone: '+1 555 0116' }),
  person('renee', 'Renée Dubois', 'Finance', 'Head of finance', 'EX01', { phone: '+1 555 0117' }),
  person('karl', 'Karl Weiss', 'Sales', 'Head of sales', 'EX02', { phone: '+1 555 0118', mobilePhone: '+1 555 0198' }),
  person('gita', 'Gita Rao', 'Warehouse', 'Head of logistics', 'EX02', { phone: '+1 555 0119' }),
];
