// A whole borrow by the generated TypeScript client: borrow.js <where the host is> <password of the demo community>
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [, , baseUrl = "", password = ""] = process.argv;

function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.error !== undefined || answer.data === undefined) {
    throw new Error(`${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

async function signIn(name: string) {
  const email = `${name}@example.org`;
  const anonymous = createClient<paths>({ baseUrl });
  const { data } = must(await anonymous.POST("/api/v1/auth/login", { body: { email, password } }));
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${data.accessToken}` } });
}

const owner = await signIn("linus");
const borrower = await signIn("katherine");

const book = must(
  await owner.POST("/api/v1/books", { body: { title: "A Typed Tale", authors: ["T. Script"], lending: "lend" } }),
).data;
const asked = must(await borrower.POST("/api/v1/borrows", { body: { bookId: book.id, days: 14 } })).data;
const params = { path: { id: asked.id } };
must(await owner.POST("/api/v1/borrows/{id}/approve", { params, body: { place: "The bakery" } }));
const lent = must(await owner.POST("/api/v1/borrows/{id}/hand-over", { params, body: {} })).data;
if (lent.status !== "active" || !lent.dueAt) throw new Error(`not lent: ${JSON.stringify(lent)}`);
must(await borrower.POST("/api/v1/borrows/{id}/declare-return", { params, body: {} }));
const back = must(await owner.POST("/api/v1/borrows/{id}/return", { params, body: { condition: "ok" } })).data;
if (back.status !== "returned") throw new Error(`not returned: ${JSON.stringify(back)}`);
const seen = must(await borrower.GET("/api/v1/books/{id}", { params: { path: { id: book.id } } })).data;
if (!seen.available) throw new Error("the book is not free again");
