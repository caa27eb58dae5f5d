// A process that owns an embedded PostgreSQL, as the bot does: tests start it, kill it and start it again.
import { pino } from 'pino';
import { startEmbeddedPostgres } from '../../../src/store/embedded/embedded-postgres.ts';

const [dataFolder = ''] = process.argv.slice(2);
const tell = (event: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(event)}\n`);
const log = pino({ level: 'info' }, { write: (line: string) => tell({ event: 'log', line: JSON.parse(line) }) });

// Ctrl-C reaches the whole foreground group; the test sends it to see that the server does not hear it.
process.on('SIGINT', () => tell({ event: 'interrupted' }));

const began = performance.now();
try {
  const { connection, stop } = await startEmbeddedPostgres({ dataFolder, log });
  process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
  tell({ event: 'ready', milliseconds: Math.round(performance.now() - began), connection });
  // Something to live for: the server alone must not keep its owner's event loop going.
  setInterval(() => {}, 60_000);
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  tell({ event: 'failed', code, message: error instanceof Error ? error.message : '' });
  process.exit(1);
}
