/**
 * The Teams app: its manifest and icons, from which `npm run teams:package` makes the package to upload.
 * Schema: developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json
 */
import { z } from 'zod';

/** What the organisation chooses, within what Teams takes. */
const Chosen = z.object({
  appId: z.uuid(),
  name: z.string().min(1).max(30),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** The organisation's own page: Teams wants an address for the maker, its privacy words and its terms. */
  website: z.url({ protocol: /^https$/ }).max(2_048),
});

/** Sentences that Teams offers; each is one that the bot understands. */
const personalCommands = [
  { title: 'I lost my phone', description: 'Report that your own phone is lost' },
  { title: 'found it', description: 'Take your own report back' },
  { title: 'help', description: 'What you can say to me' },
  { title: 'whoami', description: 'Who you are to me and what you may do' },
  { title: 'approvals', description: 'What waits for a decision of yours' },
  { title: 'incidents', description: 'Cases that are open' },
];

const placeCommands = [
  { title: 'lost device', description: 'lost device <person>: somebody lost a phone, and a case begins' },
  { title: 'incidents', description: 'Cases that are open' },
  { title: 'approvals', description: 'What waits for a decision' },
  { title: 'heartbeat', description: 'Whether phones can hold their connections' },
  { title: 'apps', description: 'Which apps phones use for mail' },
  { title: 'help', description: 'What you can say to me' },
];

/** Throws where Teams would refuse the package. */
export function manifestOf(input: z.infer<typeof Chosen>) {
  const { appId, name, version, website } = Chosen.parse(input);
  return {
    $schema: 'https://developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json',
    manifestVersion: '1.19',
    version,
    id: appId,
    developer: { name: 'Mislaid', websiteUrl: website, privacyUrl: website, termsOfUseUrl: website },
    icons: { color: 'color.png', outline: 'outline.png' },
    name: { short: name, full: `${name}: lost phones on Microsoft Exchange` },
    description: {
      short: 'Handles lost, stolen and misbehaving phones on Microsoft Exchange.',
      full: 'Say that a phone is lost: which phones the person has, what must not be done yet, a remote wipe that a second person approves, proof of how far it got, and from when the password may be reset. Also: whether phones can hold their connections, and which apps read mail.',
    },
    accentColor: '#3D4B7A',
    bots: [
      {
        botId: appId,
        scopes: ['personal', 'team', 'groupChat'],
        supportsFiles: false,
        isNotificationOnly: false,
        commandLists: [
          { scopes: ['personal'], commands: personalCommands },
          { scopes: ['team', 'groupChat'], commands: placeCommands },
        ],
      },
    ],
    composeExtensions: [
      {
        botId: appId,
        commands: [
          {
            id: 'handleAsLostDevice',
            type: 'action',
            title: 'Handle as lost device',
            description: 'Opens a case for the person who wrote this message',
            context: ['message'],
            fetchTask: true,
          },
        ],
      },
    ],
    permissions: ['identity', 'messageTeamMembers'],
    validDomains: [],
    defaultInstallScope: 'personal',
  };
}

/** A phone that calls for help: the ground is full, so that Teams may round its corners. */
const phone = (ink: string, stroke: number) => `
  <g fill="none" stroke="${ink}" stroke-width="${stroke}" stroke-linecap="round" stroke-linejoin="round">
    <rect x="66" y="34" width="60" height="124" rx="12"/>
    <path d="M88 142h16"/>
    <path d="M84 74a12 12 0 1 1 18 10c-5 3-6 6-6 12"/>
    <path d="M96 112v1"/>
    <path d="M44 70a60 60 0 0 0 0 52"/>
    <path d="M148 70a60 60 0 0 1 0 52"/>
  </g>`;

/** 192 by 192, with its own ground. */
export const colorIcon = `<svg xmlns="http://www.w3.org/2000/svg" width="192" height="192" viewBox="0 0 192 192"><rect width="192" height="192" fill="#3D4B7A"/>${phone('#FFFFFF', 9)}</svg>`;

/** 32 by 32, white on nothing, as Teams wants it. */
export const outlineIcon = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="24 24 144 144">${phone('#FFFFFF', 12)}</svg>`;
