// Starts Swagger UI on our own description. Nothing is asked of any other host: no validator, no fonts, no telemetry.
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: false,
  validatorUrl: null,
  docExpansion: "list",
  presets: [SwaggerUIBundle.presets.apis],
});
