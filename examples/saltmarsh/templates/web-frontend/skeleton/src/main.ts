import "./style.css";
import { showPage } from "./${{ values.name }}-page";

const page = document.querySelector<HTMLElement>("#page");
if (page) {
  void showPage(page);
}
