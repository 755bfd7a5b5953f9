require("tsx");
