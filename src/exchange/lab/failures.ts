/** Errors as Exchange answers with them; their classes are what matters, their texts are localised in real life. */
import { CmdletFailure } from '../transport.ts';

/** The object does not exist. */
export function objectNotFound(identity: string): CmdletFailure {
  return new CmdletFailure({
    fromServer: true,
    errorId: 'ManagementObjectNotFoundException',
    category: 'InvalidArgument',
    type: 'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
    message: `The operation couldn't be performed because object '${identity}' couldn't be found.`,
  });
}

/** More than one object has this name. */
export function notUnique(identity: string): CmdletFailure {
  return new CmdletFailure({
    fromServer: true,
    errorId: 'ManagementObjectAmbiguousException',
    category: 'InvalidData',
    type: 'Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException',
    message: `The operation couldn't be performed because '${identity}' matches multiple entries.`,
  });
}

/** -AccountOnly on a client below EAS 16.1. */
export function accountOnlyUnsupported(): CmdletFailure {
  return new CmdletFailure({
    fromServer: true,
    errorId: 'RecipientTaskException',
    category: 'InvalidOperation',
    type: 'Microsoft.Exchange.Configuration.Tasks.RecipientTaskException',
    message: "The mobile device doesn't support an account-only remote wipe: it needs Exchange ActiveSync 16.1.",
  });
}

/** A rule with this name is there already. */
export function alreadyExists(name: string): CmdletFailure {
  return new CmdletFailure({
    fromServer: true,
    errorId: 'ADObjectAlreadyExistsException',
    category: 'InvalidOperation',
    type: 'Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException',
    message: `The object '${name}' already exists.`,
  });
}
