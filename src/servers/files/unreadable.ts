import { ServerUnreadable } from '../port.ts';

/** The sentence for a file-system error: what it was about, and what to do. */
export function unreadable(server: string, what: string, path: string, cause: unknown): ServerUnreadable {
  return new ServerUnreadable(server, `${what} of ${server} could not be read: ${reason(cause)}`, {
    cause: new Error(`${path}: ${cause instanceof Error ? cause.message : 'unknown error'}`, { cause }),
  });
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function reason(cause: unknown): string {
  switch (errorCode(cause)) {
    case 'EACCES':
    case 'EPERM':
      return 'access denied. Let the account that runs Mislaid read that folder.';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the folder or file that policy.yaml names is not there.';
    case 'ESTALE':
    case 'EIO':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'EHOSTUNREACH':
      return 'the share does not answer.';
    case 'EBUSY':
      return 'another program holds it.';
    default:
      return `the system said ${errorCode(cause) || 'nothing that is known'}.`;
  }
}
