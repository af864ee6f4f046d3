/** A session of a browser behind a WebDriver (w3.org/TR/webdriver2), with what the journeys need. */
export interface Session {
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

const POLL_MS = 100;
/** Key of an element's id in answers: section 12 of the standard. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

type Call = (path: string, init?: RequestInit) => Promise<unknown>;

function openCalls(address: string, timeoutMs: number): Call {
  return async (path, init = {}) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(`${address}${path}`, { ...init, signal });
    const { value } = (await answer.json()) as { value: unknown };
    if (answer.ok) return value;
    const { error, message } = value as { error: string; message: string };
    throw new Error(`WebDriver refused ${path}: ${error}: ${message}`);
  };
}

/** Waits until the driver answers, then has it start a browser with these capabilities. */
export async function openSession(
  address: string,
  { capabilities, timeoutMs }: { capabilities: object; timeoutMs: number },
): Promise<Session> {
  const call = openCalls(address, timeoutMs);
  const until = Date.now() + timeoutMs;
  for (;;) {
    const status = await call('/status').catch((error: unknown) => error);
    if (!(status instanceof Error)) break;
    if (Date.now() > until) throw status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
  const asked = post({ capabilities: { alwaysMatch: capabilities } });
  const { sessionId } = (await call('/session', asked)) as { sessionId: string };
  return {
    call: (method, path, body = {}) =>
      call(`/session/${sessionId}${path}`, method === 'POST' ? post(body) : { method }),
  };
}

/** Clicks on the first element that a CSS selector finds. */
export async function clickOn({ call }: Session, selector: string): Promise<void> {
  const found = await call('POST', '/element', { using: 'css selector', value: selector });
  await call('POST', `/element/${(found as Record<string, string>)[ELEMENT]}/click`);
}
