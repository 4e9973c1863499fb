#ifndef BATON_CRABBITMQ_H
#define BATON_CRABBITMQ_H

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>

/// `amqp_login_with_properties` is variadic, which Swift cannot call.
static inline amqp_rpc_reply_t rabbitmq_login(amqp_connection_state_t connection, char const *virtual_host,
                                              int channel_max, int frame_max, int heartbeat,
                                              amqp_table_t const *properties, char const *user,
                                              char const *password) {
  return amqp_login_with_properties(connection, virtual_host, channel_max, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

#endif
