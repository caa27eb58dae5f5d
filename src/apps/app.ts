/** Which app a phone's mail comes through, from the names it gives itself. */
import { type AppKind, type Claim, knownApps } from './known-apps.ts';

export type App = { key: string; name: string; kind: AppKind; claims: readonly Claim[] };

/** What a client says of itself; empty where it is not known. */
export type ClientNames = { deviceType: string; deviceModel: string; userAgent: string; stray: string };

/**
 * The app of these names. A third-party name anywhere wins over a native device type: some apps keep the phone's type and sign
 * themselves only in the user agent or a stray parameter (`Cm=CloudMagic`).
 */
export function appOf(names: ClientNames): App {
  const said = [names.stray, names.userAgent, names.deviceModel, names.deviceType].map((name) => name.trim());
  const third = knownApps.find(
    (known) => known.kind === 'third-party' && said.some((name) => known.matches.test(name)),
  );
  const known =
    third ?? knownApps.find(({ matches }) => [names.deviceType, names.userAgent].some((name) => matches.test(name)));
  if (known !== undefined) return { key: known.key, name: known.name, kind: known.kind, claims: known.claims ?? [] };
  const name = printable(names.deviceType) || printable(agentName(names.userAgent)) || 'Unnamed client';
  return { key: name.toLowerCase(), name, kind: 'unknown', claims: [] };
}

/** `Foo` of `Foo/1.2 (…)`. */
function agentName(agent: string): string {
  return agent.split(/[/ (]/)[0] ?? '';
}

/** Phones choose these names: bounded, and without what cannot be seen. */
function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, 60);
}
