/** Where Teams answers: the one list of hosts that the bot speaks to, whoever names them. */

/**
 * Microsoft's own names for the Bot Connector (learn.microsoft.com, "Send proactive messages", and the pages of the government
 * clouds). `trafficmanager.net` gives names to anybody, so of it only the one that is Teams'.
 */
const hosts: readonly string[] = ['smba.trafficmanager.net'];
const domains: readonly string[] = ['teams.microsoft.com', 'teams.microsoft.us', 'botframework.com', 'botframework.us'];

export type ServiceCheck = (serviceUrl: string) => boolean;

/** `configured`: where TEAMS_SERVICE_URL points. In development anything on this machine is taken, too. */
export function serviceCheck(input: { configured: string; development: boolean }): ServiceCheck {
  const configured = originOf(input.configured);
  return (serviceUrl) => {
    if (!URL.canParse(serviceUrl)) return false;
    const { protocol, hostname, port, origin } = new URL(serviceUrl);
    if (origin === configured) return true;
    if (input.development && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return true;
    if (protocol !== 'https:' || port !== '') return false;
    return hosts.includes(hostname) || domains.some((domain) => hostname.endsWith(`.${domain}`));
  };
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
