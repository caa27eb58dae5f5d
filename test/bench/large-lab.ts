import { type Kysely, sql } from 'kysely';
import type { Database } from '../../src/store/schema.ts';

/** Given and family names as they are mixed in one large organisation: a few hundred of each, some common, some with accents. */
const given = [
  'Thomas',
  'Anna',
  'Jürgen',
  'Zoë',
  'Michael',
  'Sabine',
  'Øyvind',
  'Renée',
  'Maria',
  'Jan',
  'Günther',
  'Lucía',
];
const family = [
  'Müller',
  'Schmidt',
  "O'Connor",
  'Nguyen',
  'Ångström',
  'Weiß',
  'García',
  'Kowalski',
  'van der Berg',
  'Rossi',
];
const syllables = ['ba', 'do', 'ke', 'li', 'mu', 'na', 'ro', 'sa', 'ti', 'vo', 'wen', 'zar'];

/** Fills the seeded lab with mailboxes and partnerships; the phones are silent, so that nothing but reading is measured. */
export async function fillLab(
  db: Kysely<Database>,
  { people, phones }: { people: number; phones: number },
): Promise<void> {
  await sql`
    insert into lab_mailbox
    select guid, md5('user ' || n)::uuid::text, first || ' ' || last, first, last, alias, alias || '@contoso.example',
      alias || '@contoso.example', jsonb_build_array('SMTP:' || alias || '@contoso.example', 'smtp:' || alias || '@mail.contoso.example'),
      'Department ' || n % 400, 'Clerk', '+1 555 ' || n, '', '', 'UserMailbox', false, 'EX0' || 1 + n % 3, 'DB', true, '[]', '[]', 'Default', null, 0
    from (
      select n, md5('mailbox ' || n)::uuid::text as guid, 'p' || n as alias,
        case when n % 3 = 0 then g[1 + n % array_length(g, 1)] else initcap(s[1 + n % 12] || s[1 + n / 12 % 12] || s[1 + n / 144 % 12]) end as first,
        case when n % 5 = 0 then f[1 + n / 7 % array_length(f, 1)]
          else initcap(s[1 + n / 5 % 12] || s[1 + n / 60 % 12] || s[1 + n / 720 % 12] || s[1 + n % 11]) end as last
      from generate_series(1, ${people}::int) as n,
        (select ${given}::text[] as g, ${family}::text[] as f, ${syllables}::text[] as s) as names
    ) as person`.execute(db);
  await sql`
    insert into lab_device
    select phone.* from generate_series(1, ${phones}::int) as n
      join lab_device d on d.id = 1 + n % (select count(*)::int from lab_device)
      cross join lateral jsonb_populate_record(d, jsonb_build_object(
        'id', 1000 + n, 'guid', md5('phone ' || n)::uuid::text, 'mailbox_guid', md5('mailbox ' || 1 + n % ${people}::int)::uuid::text,
        'device_id', upper(md5('device ' || n)), 'next_contact_at', null, 'friendly_name', 'Phone ' || n,
        'device_model', d.device_model || ' ' || n % 40, 'user_agent', d.user_agent || '.' || n % 50)) as phone`.execute(
    db,
  );
  await sql`update lab_device set next_contact_at = null`.execute(db);
  await sql`analyze`.execute(db);
}
