/**
 * `npm run teams:package -- --app-id <id> [--website <url>] [--name <name>] [--version <1.0.0>]`: the Teams app as a package to
 * upload, `teams-app/mislaid.zip`. The id is TEAMS_APP_ID where it is set.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Resvg } from '@resvg/resvg-js';
import { strToU8, zipSync } from 'fflate';
import { colorIcon, manifestOf, outlineIcon } from '../adapters/teams/manifest.ts';

const folder = 'teams-app';

/** The files of the package by name. Throws when Teams would refuse the manifest. */
export function packageFiles(input: Parameters<typeof manifestOf>[0]): Record<string, Uint8Array> {
  return {
    'manifest.json': strToU8(`${JSON.stringify(manifestOf(input), null, 2)}\n`),
    'color.png': new Resvg(colorIcon).render().asPng(),
    'outline.png': new Resvg(outlineIcon).render().asPng(),
  };
}

function main(): void {
  const { values } = parseArgs({
    options: {
      'app-id': { type: 'string', default: process.env.TEAMS_APP_ID ?? '' },
      website: { type: 'string', default: 'https://example.com' },
      name: { type: 'string', default: 'Mislaid' },
      version: { type: 'string', default: '1.0.0' },
    },
  });
  const { 'app-id': appId, website, name, version } = values;
  if (appId === '') {
    process.stderr.write(
      'Say which app: npm run teams:package -- --app-id <application (client) id of the Azure Bot>\n',
    );
    process.exitCode = 2;
    return;
  }
  const files = packageFiles({ appId, website, name, version });
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  const zip = join(folder, 'mislaid.zip');
  writeFileSync(zip, zipSync(files));
  process.stdout.write(`${zip} is ready to upload in Teams: Apps, Manage your apps, Upload an app (docs/teams.md).\n`);
}

if (process.argv[1]?.endsWith('teams-package.js') === true) main();
