/**
 * Idle timeouts that boxes come with, so that an estimate can be given a likely name. Where each is written down:
 * docs/heartbeat.md; a match is a hint, never a proof.
 */
export type KnownTimeout = { seconds: number; whose: string };

export const knownTimeouts: readonly KnownTimeout[] = [
  { seconds: 30, whose: 'the proxy timeout of IIS ARR' },
  { seconds: 60, whose: "nginx's proxy_read_timeout, and HAProxy's usual examples" },
  { seconds: 180, whose: "the client timeout of Citrix ADC's HTTP services" },
  { seconds: 240, whose: 'Azure Load Balancer and Application Gateway' },
  { seconds: 300, whose: "F5 BIG-IP's TCP profile, and many home routers" },
  { seconds: 350, whose: 'AWS Network Firewall and AWS Network Load Balancer' },
  { seconds: 360, whose: 'the server timeout of Citrix ADC' },
  { seconds: 660, whose: 'Kemp LoadMaster' },
  { seconds: 900, whose: 'firewalls set to the 15 minutes that KB905013 asks for' },
  { seconds: 1800, whose: 'firewalls set to the 30 minutes of the Exchange 2013 help' },
  { seconds: 3600, whose: "FortiGate's session TTL" },
];

/** The known timeout within 4 % of this, or inside [from, to]. */
export function knownNear(seconds: number): KnownTimeout | undefined {
  const near = knownTimeouts.filter((known) => Math.abs(known.seconds - seconds) / known.seconds <= 0.04);
  return near.sort((a, b) => Math.abs(a.seconds - seconds) - Math.abs(b.seconds - seconds))[0];
}

export function knownBetween(from: number, to: number): KnownTimeout[] {
  return knownTimeouts.filter(({ seconds }) => seconds >= from * 0.99 && seconds <= to * 1.01);
}
