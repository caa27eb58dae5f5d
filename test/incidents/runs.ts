/** How many runs a property test makes: few by default, more with FC_RUNS. */
export const runs = Number(process.env.FC_RUNS ?? 300);
