// The manual pages, in roff's man macros: disposable-secrets(1) and disposable-secrets.conf(5).

#pragma once

#include <string>

#include "app/documented_command.h"

namespace disposable {

std::string manual_page(const DocumentedCommand& program);
std::string configuration_manual_page(const DocumentedCommand& program);

}  // namespace disposable
