{%- if values.withApi -%}
import { load } from "./api";

{% endif -%}
/** Fills the page. */
export async function showPage(page: HTMLElement): Promise<void> {
  const title = document.createElement("h1");
  title.textContent = "${{ values.siteTitle }}";
  const text = document.createElement("p");
  text.textContent = "${{ values.description }}.";
  page.replaceChildren(title, text);
{%- if values.withApi %}

  const list = document.createElement("ul");
  list.ariaBusy = "true";
  page.append(list);
  try {
    for (const entry of await load()) {
      const item = document.createElement("li");
      item.textContent = entry;
      list.append(item);
    }
  } catch {
    const sorry = document.createElement("p");
    sorry.role = "alert";
    sorry.textContent = "There is no answer just now. Please try again in a minute.";
    list.replaceWith(sorry);
  } finally {
    list.ariaBusy = "false";
  }
{%- endif %}
}
