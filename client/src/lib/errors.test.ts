import { describe, expect, test } from "vitest";
import { ConnectionError, fieldErrors, messageOf, toApiError } from "@/lib/errors";
import { refusal } from "@/test/samples";

const FIELDS = ["email", "document_ids", "hyperparameters.batch_size", "hyperparameters.seed"];

describe("a refusal", () => {
  test("goes to the field that the server names", () => {
    const error = toApiError(422, refusal("Too small.", { param: "hyperparameters.batch_size" }), null);
    expect(fieldErrors(error, FIELDS)).toEqual({ fields: { "hyperparameters.batch_size": "Too small." }, general: null });
  });

  test("fills every field that its details name", () => {
    const details = [
      { param: "hyperparameters.batch_size", message: "Must be 1 or more." },
      { param: "hyperparameters.seed", message: "Must be whole." },
    ];
    const { fields, general } = fieldErrors(toApiError(422, refusal("2 fields are wrong.", { details }), null), FIELDS);
    expect(fields).toEqual({ "hyperparameters.batch_size": "Must be 1 or more.", "hyperparameters.seed": "Must be whole." });
    expect(general).toBeNull();
  });

  test("of one item of a list goes to the list", () => {
    expect(fieldErrors(toApiError(404, refusal("Gone.", { param: "document_ids.0" }), null), FIELDS).fields).toEqual({ document_ids: "Gone." });
    expect(fieldErrors(toApiError(404, refusal("Gone.", { param: "document_ids[0]" }), null), FIELDS).fields).toEqual({ document_ids: "Gone." });
  });

  test("of no known field is shown in general", () => {
    expect(fieldErrors(toApiError(507, refusal("The disk is full.", { param: "elsewhere" }), null), FIELDS)).toEqual({
      fields: {},
      general: "The disk is full.",
    });
  });

  test("keeps the lines of a file with their reasons", () => {
    const error = toApiError(422, refusal("Line 3 is broken.", { param: "file", details: [{ line: 3, message: "Expected a list." }] }), "req-1");
    expect(error.details).toEqual([{ line: 3, message: "Expected a list." }]);
    expect(error.requestId).toBe("req-1");
  });

  test("that is not in the server's shape gets plain words", () => {
    expect(toApiError(413, "<html>", null).message).toMatch(/more than the server accepts/);
    expect(toApiError(500, null, null).message).toMatch(/problem of its own/);
  });
});

test("a mistake of the page itself shows nothing of its insides", () => {
  expect(messageOf(new TypeError("x is undefined"))).not.toContain("undefined");
  expect(messageOf(new ConnectionError())).toMatch(/cannot be reached/);
});
