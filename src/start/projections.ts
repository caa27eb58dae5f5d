/** Every kind of card that the deliverer can render: one file each, one line here. */
import { appBlockProjection } from '../apps/block/card.ts';
import { homeProjection } from '../chat/home-projection.ts';
import { approvalProjection } from '../incidents/approvals/card.ts';
import { incidentProjection } from '../incidents/incident/card.ts';
import type { Projection } from '../store/projection.ts';

export const projections: readonly Projection[] = [
  incidentProjection,
  approvalProjection,
  appBlockProjection,
  homeProjection,
];
