import type { TaskName, TaskOptions } from '#protocol/tasks/task.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import { TASKS, TEXTS } from './registry.ts';

/** Options that all tasks have whose texts become rows of tokens. */
const OF_TEXTS: readonly string[] = ['maxTokens', 'overLength'];

/** Refuses options that other tasks have, or that do not go together. */
export function checkOptions(options: TaskOptions): Result<never> | undefined {
  const { name, ...others } = options;
  for (const option of Object.keys(others)) {
    const tasks = tasksWith(option);
    if (tasks.includes(name)) continue;
    const words = OF_TEXTS.includes(option) ? 'tasks of texts' : tasks.join(' and ');
    const message = `task.${option} is for ${words}; leave it out for ${name}`;
    return refuse('request-invalid', message, `task.${option}`);
  }
  return TASKS[name].checkOptions?.(options);
}

const tasksWith = (option: string): TaskName[] =>
  (Object.keys(TASKS) as TaskName[]).filter(
    (name) =>
      TASKS[name].options.some((own) => own === option) ||
      (OF_TEXTS.includes(option) && name in TEXTS),
  );
