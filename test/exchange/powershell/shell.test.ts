import { expect, it } from 'vitest';
import { engineOptions } from '../../../src/exchange/powershell/shell.ts';

it('sets the execution policy on Windows, for the process of the session alone', () => {
  expect(engineOptions('win32')).toEqual({
    '-NoProfile': true,
    '-NonInteractive': true,
    '-ExecutionPolicy': 'RemoteSigned',
  });
  expect(engineOptions('linux')).toEqual({ '-NoProfile': true, '-NonInteractive': true });
});
