/** States of a client, as pages compare them. */
export const CLOSED = 0;
export const CONNECTING = 1;
export const OPEN = 2;
