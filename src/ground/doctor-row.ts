/** One thing that doctor looked at. */
export type DoctorRow = {
  /** `Clear-MobileDevice`, `clock of Exchange` */
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; beside `ok`, what would be better. Absent where all is well. */
  readonly remedy?: string;
};
