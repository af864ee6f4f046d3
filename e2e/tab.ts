/** A phone's window onto a page, in whatever engine. */
export interface Tab {
  open(url: string): Promise<void>;
  /** Clicks on the first element that a CSS selector finds, as a person does. */
  click(selector: string): Promise<void>;
  /** Runs the body of a function in the page; what it returns comes as JSON. */
  run(body: string): Promise<unknown>;
  close(): Promise<void>;
}
