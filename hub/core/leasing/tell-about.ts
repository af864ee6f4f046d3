import { aboutJob } from '../state/about.ts';
import type { Device } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { send, type Turn } from '../turn.ts';

/** Tells a device what a job is, once in a session. */
export function tellAbout(turn: Turn, { told, socket }: Device, { record }: Job): void {
  if (told.has(record.id)) return;
  for (const id of told) if (!turn.hub.openJobs.has(id)) told.delete(id);
  told.add(record.id);
  send(turn, socket, { type: 'about', about: aboutJob(record) });
}
