import { z } from 'zod';
import { labEdges, setLabEdge } from '../../exchange/lab/operations.ts';
import { MislaidError } from '../../ground/errors.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const labEdgeCommand = defineCommand({
  id: 'lab-edge',
  topic: 'lab',
  patterns: ['lab edge <name> <seconds>'],
  examples: ['lab edge LB1 300', 'lab edge LB1 3600'],
  args: z.object({
    name: z.string().trim().min(1).max(50),
    seconds: z.coerce.number('Say the seconds, as in 300.').int().min(10).max(86_400),
  }),
  roles: ['user'],
  effect: 'change',
  summary: 'Set after how many seconds a lab edge closes idle connections',
  async run({ store }, { name, seconds }) {
    const edges = await labEdges(store.db);
    const edge = edges.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (edge === undefined) {
      throw new MislaidError({
        code: 'no-such-edge',
        message: `the lab has no edge ${name}`,
        userMessage: `The lab has no edge of that name. It has ${edges.map((one) => one.name).join(', ')}.`,
      });
    }
    await setLabEdge(store.db, edge.name, seconds);
    return privateAnswer(
      `${edge.name} closes idle connections after ${seconds} s from now on (before: ${edge.idleSeconds} s).`,
    );
  },
});
