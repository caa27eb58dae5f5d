import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { hostError, MislaidError } from '../ground/errors.ts';
import { type Policy, parsePolicy } from '../policy.ts';

/** The example stands at the top of the project, above `dist/src/start` and above `src/start`. */
const examples = ['../../policy.example.yaml', '../../../policy.example.yaml'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** No policy is longer: whatever is was named by mistake. */
const longestFile = 1_000_000;

function readPolicyFile(path: string): string {
  const unusable = (why: string, cause?: unknown) =>
    hostError({
      code: 'policy-unreadable',
      message: `${path} ${why}. Correct MISLAID_POLICY and start again.`,
      cause,
    });
  try {
    const found = statSync(path);
    if (!found.isFile()) throw unusable('is no file');
    if (found.size > longestFile) throw unusable('is too long for a policy');
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof MislaidError) throw cause;
    throw unusable('cannot be read by this account', cause);
  }
}

/** policy.yaml, or, on the lab alone, the example. Throws MislaidError `policy-missing`, `policy-unreadable` or `policy-invalid`. */
export function loadPolicy(config: Config): { policy: Policy; from: string } {
  const path = config.MISLAID_POLICY;
  if (existsSync(path)) return { policy: parsePolicy(readPolicyFile(path), path), from: path };
  const example = examples.find((candidate) => existsSync(candidate));
  if (config.exchange === 'lab' && path === 'policy.yaml' && example !== undefined) {
    return { policy: parsePolicy(readFileSync(example, 'utf8'), 'policy.example.yaml'), from: 'policy.example.yaml' };
  }
  throw hostError({
    code: 'policy-missing',
    message: `There is no ${path}. Copy policy.example.yaml to policy.yaml, make it yours, and start again.`,
  });
}

/** How identities of the chat platforms begin that this configuration connects; of the console where it connects none. */
export function prefixesOf({ platforms }: Pick<Config, 'platforms'>): string[] {
  const prefixes = { slack: 'slack', teams: 'entra' } as const;
  return platforms.length === 0 ? ['console'] : platforms.map((platform) => prefixes[platform]);
}
