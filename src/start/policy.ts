import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { MislaidError } from '../ground/errors.ts';
import { type Policy, parsePolicy } from '../policy.ts';

/** The example stands at the top of the project, above `dist/src/start` and above `src/start`. */
const examples = ['../../policy.example.yaml', '../../../policy.example.yaml'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** policy.yaml, or, on the lab alone, the example. Throws MislaidError `policy-missing` or `policy-invalid`. */
export function loadPolicy(config: Config): { policy: Policy; from: string } {
  const path = config.MISLAID_POLICY;
  if (existsSync(path)) return { policy: parsePolicy(readFileSync(path, 'utf8'), path), from: path };
  const example = examples.find((candidate) => existsSync(candidate));
  if (config.exchange === 'lab' && path === 'policy.yaml' && example !== undefined) {
    return { policy: parsePolicy(readFileSync(example, 'utf8'), 'policy.example.yaml'), from: 'policy.example.yaml' };
  }
  throw new MislaidError({
    code: 'policy-missing',
    message: `There is no ${path}. Copy policy.example.yaml to policy.yaml, make it yours, and start again.`,
  });
}
