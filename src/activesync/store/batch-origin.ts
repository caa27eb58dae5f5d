import type { LogKind, Organisation } from '../../ground/identifiers.ts';

export type BatchOrigin = { organisation: Organisation; server: string; kind: LogKind };
