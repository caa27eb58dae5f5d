import Table from 'cli-table3';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { DraftMessage } from '../message/model.ts';
import { paragraph, strong, text } from '../message/text.ts';

/** For a terminal. */
export function doctorTable(rows: readonly DoctorRow[], width: number): string {
  const columns = [30, Math.max(20, Math.floor((width - 40) / 2)), Math.max(20, Math.floor((width - 40) / 2))];
  const table = new Table({
    head: ['', 'found', 'to do'],
    colWidths: columns,
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { check, ok, found, remedy } of rows) table.push([`${ok ? '✔' : '✘'} ${check}`, found, remedy ?? '']);
  const failing = rows.filter((row) => !row.ok).length;
  return `${table.toString()}\n${failing === 0 ? 'All is well.' : `${failing} of ${rows.length} need attention.`}`;
}

/** For chat. */
export function doctorMessage(rows: readonly DoctorRow[]): DraftMessage {
  const failing = rows.filter((row) => !row.ok);
  return {
    title: failing.length === 0 ? 'All is well' : `${failing.length} of ${rows.length} need attention`,
    tone: failing.length === 0 ? 'success' : 'danger',
    blocks: [
      {
        kind: 'table',
        columns: ['', 'Check', 'Found'],
        rows: rows.map((row) => [text(row.ok ? '✔' : '✘'), text(row.check), text(row.found)]),
      },
      ...failing.map((row) => paragraph(strong(row.check), `: ${row.remedy ?? row.found}`)),
    ],
  };
}
