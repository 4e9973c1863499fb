import CRabbitMQ

extension Arena {
    func properties(_ given: MessageProperties, userID: String) -> amqp_basic_properties_t {
        var result = unsafe amqp_basic_properties_t()
        var flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        unsafe result.delivery_mode = given.isPersistent ? 2 : 1
        if let text = given.contentType {
            unsafe result.content_type = bytes(text)
            flags |= UInt32(AMQP_BASIC_CONTENT_TYPE_FLAG)
        }
        if let text = given.contentEncoding {
            unsafe result.content_encoding = bytes(text)
            flags |= UInt32(AMQP_BASIC_CONTENT_ENCODING_FLAG)
        }
        if let text = given.correlationID {
            unsafe result.correlation_id = bytes(text)
            flags |= UInt32(AMQP_BASIC_CORRELATION_ID_FLAG)
        }
        if let text = given.replyTo {
            unsafe result.reply_to = bytes(text)
            flags |= UInt32(AMQP_BASIC_REPLY_TO_FLAG)
        }
        if let text = given.messageID {
            unsafe result.message_id = bytes(text)
            flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
        }
        if let text = given.type {
            unsafe result.type = bytes(text)
            flags |= UInt32(AMQP_BASIC_TYPE_FLAG)
        }
        if let text = given.appID {
            unsafe result.app_id = bytes(text)
            flags |= UInt32(AMQP_BASIC_APP_ID_FLAG)
        }
        if let text = given.expiration {
            unsafe result.expiration = bytes(text)
            flags |= UInt32(AMQP_BASIC_EXPIRATION_FLAG)
        }
        if let seconds = given.timestamp {
            unsafe result.timestamp = seconds
            flags |= UInt32(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        if let priority = given.priority {
            unsafe result.priority = priority
            flags |= UInt32(AMQP_BASIC_PRIORITY_FLAG)
        }
        if !given.headers.isEmpty {
            unsafe result.headers = table(given.headers)
            flags |= UInt32(AMQP_BASIC_HEADERS_FLAG)
        }
        unsafe result.user_id = bytes(given.userID ?? userID)
        flags |= UInt32(AMQP_BASIC_USER_ID_FLAG)
        unsafe result._flags = flags
        return unsafe result
    }
}

extension MessageProperties {
    /// A copy of what the library has decoded.
    init(copying raw: amqp_basic_properties_t) {
        let flags = unsafe raw._flags
        func has(_ flag: Int32) -> Bool { flags & UInt32(flag) != 0 }
        self.init(isPersistent: unsafe has(AMQP_BASIC_DELIVERY_MODE_FLAG) && raw.delivery_mode == 2)
        if has(AMQP_BASIC_CONTENT_TYPE_FLAG) { contentType = unsafe String(copying: raw.content_type) }
        if has(AMQP_BASIC_CONTENT_ENCODING_FLAG) { contentEncoding = unsafe String(copying: raw.content_encoding) }
        if has(AMQP_BASIC_CORRELATION_ID_FLAG) { correlationID = unsafe String(copying: raw.correlation_id) }
        if has(AMQP_BASIC_REPLY_TO_FLAG) { replyTo = unsafe String(copying: raw.reply_to) }
        if has(AMQP_BASIC_MESSAGE_ID_FLAG) { messageID = unsafe String(copying: raw.message_id) }
        if has(AMQP_BASIC_TYPE_FLAG) { type = unsafe String(copying: raw.type) }
        if has(AMQP_BASIC_TIMESTAMP_FLAG) { timestamp = unsafe raw.timestamp }
        if has(AMQP_BASIC_USER_ID_FLAG) { userID = unsafe String(copying: raw.user_id) }
        if has(AMQP_BASIC_APP_ID_FLAG) { appID = unsafe String(copying: raw.app_id) }
        if has(AMQP_BASIC_EXPIRATION_FLAG) { expiration = unsafe String(copying: raw.expiration) }
        if has(AMQP_BASIC_PRIORITY_FLAG) { priority = unsafe raw.priority }
        if has(AMQP_BASIC_HEADERS_FLAG) {
            headers = unsafe HeaderValue.entries(copying: raw.headers, depth: HeaderValue.maximumDepth)
        }
    }
}

extension String {
    /// What is no UTF-8 becomes U+FFFD.
    init(copying raw: amqp_bytes_t) {
        self = unsafe String(decoding: UnsafeRawBufferPointer(start: raw.bytes, count: raw.len), as: UTF8.self)
    }
}

extension HeaderValue {
    static func entries(copying raw: amqp_table_t, depth: Int) -> [String: HeaderValue] {
        var entries: [String: HeaderValue] = [:]
        for index in 0..<Int(unsafe raw.num_entries) {
            guard let entry = unsafe raw.entries?[index] else { break }
            unsafe entries[String(copying: entry.key)] = HeaderValue(copying: entry.value, depth: depth)
        }
        return entries
    }

    private init(copying raw: amqp_field_value_t, depth: Int) {
        let kind = unsafe UInt32(raw.kind)
        switch kind {
        case AMQP_FIELD_KIND_UTF8.rawValue: self = unsafe .string(String(copying: raw.value.bytes))
        case AMQP_FIELD_KIND_BYTES.rawValue:
            let bytes = unsafe raw.value.bytes
            self = unsafe .bytes([UInt8](UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len)))
        case AMQP_FIELD_KIND_BOOLEAN.rawValue: self = unsafe .bool(raw.value.boolean != 0)
        case AMQP_FIELD_KIND_I8.rawValue: self = unsafe .int(Int64(raw.value.i8))
        case AMQP_FIELD_KIND_U8.rawValue: self = unsafe .int(Int64(raw.value.u8))
        case AMQP_FIELD_KIND_I16.rawValue: self = unsafe .int(Int64(raw.value.i16))
        case AMQP_FIELD_KIND_U16.rawValue: self = unsafe .int(Int64(raw.value.u16))
        case AMQP_FIELD_KIND_I32.rawValue: self = unsafe .int(Int64(raw.value.i32))
        case AMQP_FIELD_KIND_U32.rawValue: self = unsafe .int(Int64(raw.value.u32))
        case AMQP_FIELD_KIND_I64.rawValue: self = unsafe .int(raw.value.i64)
        case AMQP_FIELD_KIND_U64.rawValue: self = unsafe .int(Int64(clamping: raw.value.u64))
        case AMQP_FIELD_KIND_F32.rawValue: self = unsafe .double(Double(raw.value.f32))
        case AMQP_FIELD_KIND_F64.rawValue: self = unsafe .double(raw.value.f64)
        case AMQP_FIELD_KIND_TIMESTAMP.rawValue: self = unsafe .timestamp(raw.value.u64)
        case AMQP_FIELD_KIND_DECIMAL.rawValue:
            let decimal = unsafe raw.value.decimal
            self = .double((0..<decimal.decimals).reduce(Double(decimal.value)) { value, _ in value / 10 })
        case AMQP_FIELD_KIND_TABLE.rawValue where depth > 0:
            self = unsafe .table(Self.entries(copying: raw.value.table, depth: depth - 1))
        case AMQP_FIELD_KIND_ARRAY.rawValue where depth > 0:
            let cells = unsafe raw.value.array
            self = unsafe .array(
                UnsafeBufferPointer(start: cells.entries, count: Int(cells.num_entries)).map {
                    unsafe HeaderValue(copying: $0, depth: depth - 1)
                })
        default: self = .null
        }
    }
}
