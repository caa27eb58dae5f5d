/** `--name=value` behind the names of benches: another size than the usual one. */
export type BenchOptions = ReadonlyMap<string, string>;

const known = [
  'incidents',
  'deliveries',
  'audit',
  'asks',
  'people',
  'phones',
  'seconds',
  'rate',
  'megabytes',
  'minutes',
  'restart',
];

/** Throws for an option that no bench knows. */
export function readOptions(args: readonly string[]): BenchOptions {
  const options = new Map<string, string>();
  for (const arg of args) {
    const [, name = '', value = ''] = /^--([a-z]+)=(.+)$/.exec(arg) ?? [];
    if (!known.includes(name))
      throw new Error(`There is no ${arg}. There are: ${known.map((one) => `--${one}=…`).join(', ')}.`);
    options.set(name, value);
  }
  return options;
}

export function numbersIn(options: BenchOptions, name: string, usual: readonly number[]): number[] {
  const given = options.get(name);
  return given === undefined ? [...usual] : given.split(',').map(Number);
}

export function numberIn(options: BenchOptions, name: string, usual: number): number {
  return numbersIn(options, name, [usual])[0] ?? usual;
}
