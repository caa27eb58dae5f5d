/**
 * What an administrator pastes into the box in front of Exchange, to turn an app away by its user agent before it reaches a login.
 * Written from the vendors' references; tried on none of these boxes by us.
 */

export const edgeKinds = ['f5', 'citrix-adc', 'haproxy', 'nginx', 'iis'] as const;
export type EdgeKind = (typeof edgeKinds)[number];

const path = '/microsoft-server-activesync';

type Edge = { readonly name: string; lines(word: string, id: string): readonly string[] };

const edges: Readonly<Record<EdgeKind, Edge>> = {
  f5: {
    name: 'F5 BIG-IP (iRule)',
    lines: (word) => [
      'when HTTP_REQUEST {',
      `  if { [string tolower [HTTP::path]] starts_with "${path}" and`,
      `       ([string tolower [HTTP::header "User-Agent"]] contains "${word.toLowerCase()}" or [string tolower [HTTP::query]] contains "${word.toLowerCase()}") } {`,
      '    HTTP::respond 403 content "Blocked"',
      '  }',
      '}',
    ],
  },
  'citrix-adc': {
    name: 'Citrix ADC (responder policy)',
    lines: (word, id) => [
      `add responder action act_block_${id} respondwith "\\"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n\\""`,
      `add responder policy pol_block_${id} "HTTP.REQ.URL.PATH.SET_TEXT_MODE(IGNORECASE).STARTSWITH(\\"${path}\\") && (HTTP.REQ.HEADER(\\"User-Agent\\").SET_TEXT_MODE(IGNORECASE).CONTAINS(\\"${word}\\") || HTTP.REQ.URL.QUERY.SET_TEXT_MODE(IGNORECASE).CONTAINS(\\"${word}\\"))" act_block_${id}`,
      `bind lb vserver <virtual server> -policyName pol_block_${id} -priority 100 -type REQUEST`,
    ],
  },
  haproxy: {
    name: 'HAProxy',
    lines: (word, id) => [
      `acl eas path_beg -i ${path}`,
      `acl app_${id} req.hdr(User-Agent) -m sub -i "${word}"`,
      `acl app_${id} query -m sub -i "${word}"`,
      `http-request deny deny_status 403 if eas app_${id}`,
    ],
  },
  nginx: {
    name: 'nginx',
    lines: (word, id) => [
      '# inside the http block',
      `map "$http_user_agent $args" $block_${id} { default 0; "~*${literal(word)}" 1; }`,
      '# inside the location of ActiveSync',
      `if ($block_${id}) { return 403; }`,
    ],
  },
  iis: {
    name: 'IIS URL Rewrite',
    lines: (word) => [
      `<rule name="Block ${word}" stopProcessing="true">`,
      '  <match url="^Microsoft-Server-ActiveSync" />',
      '  <conditions logicalGrouping="MatchAny">',
      `    <add input="{HTTP_USER_AGENT}" pattern="${literal(word)}" />`,
      `    <add input="{QUERY_STRING}" pattern="${literal(word)}" />`,
      '  </conditions>',
      '  <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Blocked" />',
      '</rule>',
    ],
  },
};

/** The text for one kind of edge. `app` is part of the user agent or of the query (`DeviceType=CloudMagic`), in any case. */
export function edgeText(kind: EdgeKind, app: string): { name: string; text: string } {
  // A name that a phone chose must not become configuration: letters, digits and a few marks stay.
  const word = app.replace(/[^\p{L}\p{N} ._-]/gu, '').trim();
  const { name, lines } = edges[kind];
  return { name, text: lines(word, word.replace(/[^A-Za-z0-9]/g, '_')).join('\n') };
}

/** As a pattern that matches nothing but the word. */
function literal(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
