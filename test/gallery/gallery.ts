/**
 * The gallery: what the bot sends in a usual case, as it was recorded, and samples of every other card and form, area by area. Every renderer is tested on all of them (test/contracts/renderer.ts).
 * A command or job that shows something new exports its samples as `readonly Sample[]` and adds one line here.
 */

import { recorded } from './recorded.ts';
import { approvalSamples } from './samples/approval.ts';
import { appSamples } from './samples/apps.ts';
import { formSamples } from './samples/forms.ts';
import { heartbeatSamples } from './samples/heartbeat.ts';
import { heartbeatReportSamples } from './samples/heartbeat-reports.ts';
import { lostDeviceSamples } from './samples/lost-device.ts';
import { refusalSamples } from './samples/refusals.ts';
import type { FormSample, Sample } from './samples/scene.ts';
import { securitySamples } from './samples/security.ts';
import { stressSamples } from './samples/stress.ts';
import { wipeSamples } from './samples/wipe.ts';

export const gallery: readonly Sample[] = [
  ...recorded,
  ...lostDeviceSamples,
  ...wipeSamples,
  ...approvalSamples,
  ...securitySamples,
  ...heartbeatSamples,
  ...heartbeatReportSamples,
  ...appSamples,
  ...refusalSamples,
  ...stressSamples,
];

export const galleryForms: readonly FormSample[] = [...formSamples];
