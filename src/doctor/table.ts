import Table from 'cli-table3';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { DraftMessage } from '../message/model.ts';
import { paragraph, strong, text } from '../message/text.ts';
import { counted } from '../message/words.ts';

/** For a terminal. */
export function doctorTable(rows: readonly DoctorRow[], width: number): string {
  const columns = [30, Math.max(20, Math.floor((width - 40) / 2)), Math.max(20, Math.floor((width - 40) / 2))];
  const table = new Table({
    head: ['', 'found', 'to do'],
    colWidths: columns,
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const each of rows) table.push([`${markOf(each)} ${each.check}`, each.found, each.remedy ?? '']);
  const failing = rows.filter((row) => !row.ok).length;
  return `${table.toString()}\n${failing === 0 ? `${verdict(rows)}.` : `${failing} of ${rows.length} need attention.`}`;
}

function markOf({ ok, remedy }: Pick<DoctorRow, 'ok' | 'remedy'>): string {
  return ok ? (remedy === undefined ? '✔' : '⚠') : '✘';
}

/** Of rows none of which fails. */
function verdict(rows: readonly DoctorRow[]): string {
  const advised = rows.filter((row) => row.remedy !== undefined).length;
  return advised === 0 ? 'All is well' : `Nothing fails, and ${counted(advised, 'thing')} could be better`;
}

/** For chat. */
export function doctorMessage(rows: readonly DoctorRow[]): DraftMessage {
  const failing = rows.filter((row) => !row.ok);
  const advised = rows.filter((row) => row.ok && row.remedy !== undefined);
  return {
    title: failing.length === 0 ? verdict(rows) : `${failing.length} of ${rows.length} need attention`,
    tone: failing.length > 0 ? 'danger' : advised.length > 0 ? 'warning' : 'success',
    blocks: [
      {
        kind: 'table',
        columns: ['', 'Check', 'Found'],
        rows: rows.map((row) => [text(markOf(row)), text(row.check), text(row.found)]),
      },
      ...[...failing, ...advised].map((row) => paragraph(strong(row.check), `: ${row.remedy ?? row.found}`)),
    ],
  };
}
