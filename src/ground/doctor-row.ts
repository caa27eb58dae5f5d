/** One thing that doctor looked at. */
export type DoctorRow = {
  /** `Clear-MobileDevice`, `clock of Exchange` */
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; absent where all is well. */
  readonly remedy?: string;
};
