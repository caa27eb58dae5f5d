import type { Selectable } from 'kysely';
import type { LabDeviceTable } from '../../store/tables/lab.ts';

export type LabDevice = Selectable<LabDeviceTable>;
