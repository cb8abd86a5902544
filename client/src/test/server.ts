import { setupServer } from "msw/node";

/** The network of the tests. Requests that no handler knows fail the test. */
export const server = setupServer();
