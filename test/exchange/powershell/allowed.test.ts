/** Every described cmdlet can be sent: its name, its parameters and what is always bound are on the allow-list. */
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { allowedCmdlets } from '../../../src/exchange/powershell/allowed.ts';

const folder = new URL('../../../src/exchange/cmdlets/', import.meta.url);
const Description = z.object({
  name: z.string(),
  fixed: z.record(z.string(), z.unknown()).default({}),
  params: z.custom<z.ZodType>((value) => value instanceof z.ZodType),
});

it.each(readdirSync(folder).filter((name) => name.endsWith('.ts')))('%s', async (file) => {
  const exported: Record<string, unknown> = await import(new URL(file, folder).href);
  const cmdlets = Object.values(exported).flatMap((value) => {
    const parsed = Description.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
  expect(cmdlets.length).toBeGreaterThan(0);
  for (const { name, fixed, params } of cmdlets) {
    if (!(params instanceof z.ZodObject)) throw new Error(`${file}: params is not an object schema`);
    expect(allowedCmdlets[name] ?? []).toEqual(
      expect.arrayContaining([...Object.keys(params.shape), ...Object.keys(fixed)]),
    );
  }
});
