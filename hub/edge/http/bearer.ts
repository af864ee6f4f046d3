/** What a call brings to say who it is. */
export const bearer = ({ headers }: Pick<Request, 'headers'>): string | undefined =>
  /^Bearer (\S{1,200})$/i.exec(headers.get('authorization') ?? '')?.[1];
