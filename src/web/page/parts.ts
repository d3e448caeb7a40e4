// Parts of the page that tests look at without a browser.

export { safe_file_name } from "./file_names";
export { generate_password, random_below } from "./password";
