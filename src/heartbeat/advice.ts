/**
 * What to type on the box in front of Exchange. Only the timeout that a waiting phone meets is changed, and only for ActiveSync:
 * the same timeout for everything would keep dead connections of browsers open. What each step rests on stands beside it and in
 * docs/heartbeat.md; none of it was tried on a box by us.
 */

import type { DraftMessage } from '../message/model.ts';
import { code, list, note, paragraph, strong, text } from '../message/text.ts';
import { seconds } from './words.ts';

export const edgeKinds = ['f5', 'citrix-adc', 'haproxy', 'nginx', 'azure', 'kemp', 'fortigate', 'other'] as const;
type EdgeKind = (typeof edgeKinds)[number];

export function isEdgeKind(kind: string | undefined): kind is EdgeKind {
  return edgeKinds.some((known) => known === kind);
}

export const edgeKindNames: Readonly<Record<EdgeKind, string>> = {
  f5: 'F5 BIG-IP',
  'citrix-adc': 'Citrix ADC',
  haproxy: 'HAProxy',
  nginx: 'nginx',
  azure: 'Azure',
  kemp: 'Kemp LoadMaster',
  fortigate: 'FortiGate',
  other: 'another box',
};

/** The idle timeout to set: longer than the longest heartbeat, with a minute for clocks and slow answers (3540 → 3600). */
export function wantedTimeout(max: number): number {
  return max + 60;
}

/** The longest idle timeout of a rule of Azure Load Balancer. */
const azureMostMinutes = 100;

type Advice = { steps: readonly string[]; commands: readonly string[]; notes: readonly string[] };

/** `wanted`: the idle timeout to set; `max`: the longest heartbeat. */
const advice: Readonly<Record<EdgeKind, (wanted: number, max: number) => Advice>> = {
  // The iRule follows the command's own page (clouddocs.f5.com/api/irules/IP__idle_timeout.html), whose example sets it in
  // SERVER_CONNECTED; 300 s is read of Fast L4 (AS3 schema reference), of TCP profiles from general knowledge.
  f5: (wanted) => ({
    steps: [
      "Make TCP profiles of their own for the ActiveSync virtual server; the default profile's idle timeout is 300 s.",
      'Put them on both sides of that virtual server. Where all of Exchange shares one, an iRule sets the time for ActiveSync alone.',
    ],
    commands: [
      `tmsh create ltm profile tcp tcp-activesync defaults-from tcp idle-timeout ${wanted}`,
      'tmsh modify ltm virtual vs_exchange profiles replace-all-with { tcp-activesync http clientssl { context clientside } serverssl { context serverside } }',
      [
        'when CLIENT_ACCEPTED { set activesync 0 }',
        'when HTTP_REQUEST {',
        '  set activesync [string match -nocase "/microsoft-server-activesync*" [HTTP::path]]',
        `  if { $activesync } { IP::idle_timeout ${wanted} }`,
        '}',
        `when SERVER_CONNECTED { if { $activesync } { IP::idle_timeout ${wanted} } }`,
      ].join('\n'),
    ],
    notes: [
      'List every profile that the virtual server has now in the second command: it replaces them all. The third is the iRule that may stand in place of the first two; where OneConnect shares connections to the servers, use the profiles.',
    ],
  }),
  // Which timeout counts: Citrix CTX137362. A service's cltTimeout only counts without a virtual server.
  'citrix-adc': (wanted) => ({
    steps: [
      'The client timeout is 180 s by default, the server timeout 360 s: both must be longer than the heartbeat.',
      'Set the first on the ActiveSync virtual server, the second on its service group.',
    ],
    commands: [
      `set lb vserver vs_activesync -cltTimeout ${wanted}`,
      `set serviceGroup sg_activesync -svrTimeout ${wanted}`,
      'save ns config',
    ],
    notes: [
      `Behind content switching only the cs vserver's client timeout counts, and the lb vserver's is ignored: set cs vserver … -cltTimeout ${wanted}. Connections that are open now keep the old times.`,
    ],
  }),
  // HAProxy configuration manual: timeout client, timeout server, timeout tunnel.
  haproxy: (wanted) => ({
    steps: [
      "A hanging Ping waits for its answer, so the server side's timeout cuts it; give ActiveSync a backend of its own.",
    ],
    commands: [
      [
        'frontend exchange',
        `  timeout client ${wanted}s`,
        '  acl activesync path_beg -i /Microsoft-Server-ActiveSync',
        '  use_backend activesync if activesync',
        '',
        'backend activesync',
        `  timeout server ${wanted}s`,
      ].join('\n'),
    ],
    notes: [
      `In mode tcp there is no path: then both timeouts are set for the whole listener, and timeout tunnel, where it is set, counts instead of both: ${wanted}s there too. In mode http it counts only after an upgrade and changes nothing here.`,
    ],
  }),
  // nginx.org: ngx_http_proxy_module (time between two reads, 60 s), ngx_stream_proxy_module (proxy_timeout, 10 m).
  nginx: (wanted) => ({
    steps: ['proxy_read_timeout is 60 s by default and ends a Ping that has not answered by then.'],
    commands: [
      [
        'location ~* ^/Microsoft-Server-ActiveSync {',
        '  proxy_pass https://exchange;',
        '  proxy_http_version 1.1;',
        `  proxy_read_timeout ${wanted}s;`,
        '  proxy_buffering off;',
        '}',
      ].join('\n'),
      'nginx -t && nginx -s reload',
    ],
    notes: ['As a stream (TCP) proxy it is proxy_timeout, 10 minutes by default, for the whole listener.'],
  }),
  // learn.microsoft.com: load-balancer-tcp-idle-timeout, load-balancer-tcp-reset (silent by default), application-gateway-faq.
  azure: (wanted, max) => {
    const minutes = Math.min(azureMostMinutes, Math.ceil(wanted / 60));
    return {
      steps: [
        `Azure Load Balancer forgets idle connections after 4 minutes by default and after ${azureMostMinutes} at most: set the rule of port 443 to ${minutes} minutes.`,
        `Application Gateway cannot hold a heartbeat of ${seconds(max)}: its front side drops idle connections after 4 minutes by default (5 behind a private address), whatever its request timeout says. Lead ActiveSync past it.`,
      ],
      commands: [
        `az network lb rule update --resource-group RG --lb-name LB --name activesync --idle-timeout ${minutes} --enable-tcp-reset true`,
      ],
      notes: [
        'Without TCP reset the Load Balancer drops silently, and phones wait in vain; with it they learn at once. Older documents name 30 minutes as the most: where Azure refuses more, phones settle at about 29 minutes, which is over the threshold of event 1040.',
      ],
    };
  },
  // docs.progress.com, LoadMaster deployment guide for Exchange 2010: Idle Connection Timeout.
  kemp: (wanted) => ({
    steps: [
      'The idle connection timeout is 660 s by default.',
      'Virtual Services → ActiveSync sub-service → Standard Options → Idle Connection Timeout.',
    ],
    commands: [`Idle Connection Timeout (Default 660): ${wanted}`],
    notes: ['0 there means the default of the whole box (System Configuration).'],
  }),
  // docs.fortinet.com: tcp-idle 3600 by default; that a policy may have its own session-ttl is from general knowledge.
  fortigate: (wanted) => ({
    steps: ['The session TTL is 3600 s by default; where it was made shorter, give the policy of ActiveSync its own.'],
    commands: [
      ['config firewall policy', '  edit POLICY-ID', `    set session-ttl ${wanted}`, '  next', 'end'].join('\n'),
    ],
    notes: [],
  }),
  other: (wanted) => ({
    steps: [
      'Find every box between phones and Exchange that keeps connections: firewall, balancer, reverse proxy, VPN, provider.',
      `Set its idle timeout for TCP port 443 towards Exchange to at least ${seconds(wanted)}.`,
      'Where a box can answer a lost connection with a reset, let it: phones then notice at once.',
    ],
    commands: [],
    notes: ['IIS ARR: the proxy timeout of the server farm (30 s by default).'],
  }),
};

export function adviceFor(kind: EdgeKind, max: number): Advice {
  return advice[kind](wantedTimeout(max), max);
}

/** The whole answer to "How, for F5". */
export function adviceMessage(kind: EdgeKind, max: number): DraftMessage {
  const { steps, commands, notes } = adviceFor(kind, max);
  return {
    title: `Idle timeout for ActiveSync: ${edgeKindNames[kind]}`,
    tone: 'neutral',
    blocks: [
      paragraph(
        `Exchange lets a phone wait ${seconds(max)}; the box must wait longer: `,
        strong(seconds(wantedTimeout(max))),
        ' for ',
        code('/Microsoft-Server-ActiveSync'),
        '.',
      ),
      list(...steps.map((step) => text(step))),
      ...commands.map((command) => list(...command.split('\n').map((line) => text(code(line))))),
      ...notes.map((each) => note(each)),
      note(
        'Names in these lines are examples: put yours. Afterwards phones try longer waits by themselves within hours; say "heartbeat" to see it, and correct idleTimeoutSeconds in policy.yaml.',
      ),
    ],
  };
}
