/** Every kind of card that the deliverer can render: one file each, one line here. */
import { appBlockProjection } from '../apps/block/card.ts';
import { homeProjection } from '../chat/home-projection.ts';
import type { Projection } from '../chat/projection.ts';
import { approvalProjection } from '../incidents/cards/approval-card.ts';
import { incidentProjection } from '../incidents/cards/incident-card.ts';

export const projections: readonly Projection[] = [
  incidentProjection,
  approvalProjection,
  appBlockProjection,
  homeProjection,
];
