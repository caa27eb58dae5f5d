/**
 * What an administrator pastes into the box in front of Exchange, to turn an app away by its user agent before it reaches a login.
 * Written from the vendors' references; tried on none of these boxes by us.
 */

export const edgeKinds = ['f5', 'citrix-adc', 'haproxy', 'nginx', 'iis'] as const;
export type EdgeKind = (typeof edgeKinds)[number];

export const edgeNames: Readonly<Record<EdgeKind, string>> = {
  f5: 'F5 BIG-IP (iRule)',
  'citrix-adc': 'Citrix ADC (responder policy)',
  haproxy: 'HAProxy',
  nginx: 'nginx',
  iis: 'IIS URL Rewrite',
};

const path = '/microsoft-server-activesync';

/** The text for one kind of edge. `app` is part of the user agent or of the query (`DeviceType=CloudMagic`), in any case. */
export function edgeText(kind: EdgeKind, app: string): string {
  const word = safe(app);
  const id = word.replace(/[^A-Za-z0-9]/g, '_');
  switch (kind) {
    case 'f5':
      return [
        'when HTTP_REQUEST {',
        `  if { [string tolower [HTTP::path]] starts_with "${path}" and`,
        `       ([string tolower [HTTP::header "User-Agent"]] contains "${word.toLowerCase()}" or [string tolower [HTTP::query]] contains "${word.toLowerCase()}") } {`,
        '    HTTP::respond 403 content "Blocked"',
        '  }',
        '}',
      ].join('\n');
    case 'citrix-adc':
      return [
        `add responder action act_block_${id} respondwith "\\"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n\\""`,
        `add responder policy pol_block_${id} "HTTP.REQ.URL.PATH.SET_TEXT_MODE(IGNORECASE).STARTSWITH(\\"${path}\\") && (HTTP.REQ.HEADER(\\"User-Agent\\").SET_TEXT_MODE(IGNORECASE).CONTAINS(\\"${word}\\") || HTTP.REQ.URL.QUERY.SET_TEXT_MODE(IGNORECASE).CONTAINS(\\"${word}\\"))" act_block_${id}`,
        `bind lb vserver <virtual server> -policyName pol_block_${id} -priority 100 -type REQUEST`,
      ].join('\n');
    case 'haproxy':
      return [
        `acl eas path_beg -i ${path}`,
        `acl app_${id} req.hdr(User-Agent) -m sub -i "${word}"`,
        `acl app_${id} query -m sub -i "${word}"`,
        `http-request deny deny_status 403 if eas app_${id}`,
      ].join('\n');
    case 'nginx':
      return [
        '# inside the http block',
        `map "$http_user_agent $args" $block_${id} { default 0; "~*${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}" 1; }`,
        '# inside the location of ActiveSync',
        `if ($block_${id}) { return 403; }`,
      ].join('\n');
    case 'iis':
      return [
        `<rule name="Block ${word}" stopProcessing="true">`,
        '  <match url="^Microsoft-Server-ActiveSync" />',
        '  <conditions logicalGrouping="MatchAny">',
        `    <add input="{HTTP_USER_AGENT}" pattern="${xml(word)}" />`,
        `    <add input="{QUERY_STRING}" pattern="${xml(word)}" />`,
        '  </conditions>',
        '  <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Blocked" />',
        '</rule>',
      ].join('\n');
  }
}

/** A name that a phone chose must not become configuration: letters, digits and a few marks stay. */
function safe(app: string): string {
  return app.replace(/[^\p{L}\p{N} ._-]/gu, '').trim();
}

function xml(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
