import { expect, it, onTestFinished } from 'vitest';
import { Metrics } from '../../src/http/metrics.ts';
import { testStore } from '../setup/store.ts';

it('counts in the store when it is asked', async () => {
  const world = await testStore();
  onTestFinished(() => world.close());
  const metrics = new Metrics(world.db, world.clock);
  await world.store.change((change) => change.home('console:hana'));
  metrics.jobRan('deliver', 'done', 0.1);

  const text = await metrics.registry.metrics();

  expect(text).toContain('mislaid_jobs_total{job="deliver",outcome="done"} 1');
  expect(text).toMatch(/^mislaid_jobs_waiting\{job="deliver",state="\w+"\} 1$/m);
  expect(text).toMatch(/^mislaid_deliveries_due 1$/m);
  expect(text).toMatch(/^mislaid_wipes_locked 0$/m);
  for (const name of ['wipes', 'approvals_waiting', 'incidents_open', 'outside_wipes_round_seconds']) {
    expect(text).toContain(`# TYPE mislaid_${name} gauge`);
  }
});
